import { tf } from '@m2l/engine'
import type { Parameter, StoredTensor } from '@m2l/nn'

/** The numbers of a tensor in row-major order. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** Numbers under the names of the tensors that they are compared with. */
export type NamedNumbers = Readonly<Record<string, Numbers>>

/** What a tensor holds; where it is one of maps, [n, height, width, channels], in PyTorch's order of axes. */
export function numbersOf(tensor: tf.Tensor): Numbers {
  return tensor.rank === 4 ? read(tf.transpose(tensor, [0, 3, 1, 2])) : read(tf.clone(tensor))
}

/** What a parameter, or another tensor of its layout such as its gradient, is in a file. */
export function numbersOfParameter({ layout, value }: Parameter, tensor: tf.Tensor = value): Numbers {
  return read(layout === 'plain' ? tf.clone(tensor) : tf.transpose(tensor, axesInFile[layout]))
}

/** A parameter's shape in a file. */
export function shapeInFile({ layout, value }: Parameter): number[] {
  return layout === 'plain' ? [...value.shape] : axesInFile[layout].map((axis) => value.shape[axis]!)
}

const axesInFile = { convolution: [3, 2, 0, 1], linear: [1, 0] }

function read(tensor: tf.Tensor): Numbers {
  const numbers = { shape: tensor.shape, data: tensor.dataSync() }
  tensor.dispose()
  return numbers
}

/** What a file holds, whole numbers of 64 bits as ordinary ones. */
export function numbersOfStored({ shape, data }: StoredTensor): Numbers {
  return { shape, data: data instanceof BigInt64Array ? Array.from(data, Number) : data }
}

/** `tf.tidy` for work that gives numbers instead of tensors. */
export function tidied<Result extends Numbers | NamedNumbers>(work: () => Result): Result {
  let result: Result
  tf.tidy(() => {
    result = work()
  })
  return result!
}
