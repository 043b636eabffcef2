import type { tf } from '../tensorflow.js'

/** The part of tfjs-node's backend that runs any TensorFlow operation by name. */
export interface NativeBackend {
  readonly binding: Readonly<Record<string, number>>
  executeSingleOutput(operation: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor
  executeMultipleOutputs(
    operation: string,
    attributes: Attribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[]
}

/** An attribute of a TensorFlow operation as tfjs-node's binding takes it. */
export interface Attribute {
  readonly name: string
  readonly type: number | undefined
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
