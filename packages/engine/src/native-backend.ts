import type { tf } from './tensorflow.js'

/** The part of tfjs-node's backend that runs any TensorFlow operation by name. */
export interface NativeBackend {
  readonly binding: NativeBinding
  readonly isUsingGpuDevice: boolean
  executeSingleOutput(operation: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor
  executeMultipleOutputs(
    operation: string,
    attributes: Attribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[]
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[]
  createOutputTensor(metadata: NativeTensor): tf.Tensor
}

/** A tensor of TensorFlow, perhaps of a type that TensorFlow.js does not know. */
export interface NativeTensor {
  readonly id: number
  readonly shape: number[]
  readonly dtype: number
}

/**
 * tfjs-node's binding: constants of the C API, and operations on tensors that TensorFlow.js does not know.
 */
export interface NativeBinding {
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_TYPE: number
  readonly TF_BOOL: number
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  executeOp(operation: string, attributes: Attribute[], inputs: number[], outputs: number): NativeTensor[]
  deleteTensor(id: number): void
}

/** An attribute of a TensorFlow operation as tfjs-node's binding takes it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

export function typeAttribute(
  backend: NativeBackend,
  name: string,
  type: 'TF_FLOAT' | 'TF_INT32',
): Attribute {
  return { name, type: backend.binding.TF_ATTR_TYPE, value: backend.binding[type] }
}

export function floatAttribute(backend: NativeBackend, name: string, value: number): Attribute {
  return { name, type: backend.binding.TF_ATTR_FLOAT, value }
}

export function booleanAttribute(backend: NativeBackend, name: string, value: boolean): Attribute {
  return { name, type: backend.binding.TF_ATTR_BOOL, value }
}

export function stringAttribute(backend: NativeBackend, name: string, value: string): Attribute {
  return { name, type: backend.binding.TF_ATTR_STRING, value }
}
