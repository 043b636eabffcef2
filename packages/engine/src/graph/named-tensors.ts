import type { tf } from '../tensorflow.js'

/** Tensors by name, as a graph function takes and gives them. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>
