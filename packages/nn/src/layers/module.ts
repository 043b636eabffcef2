import type { RandomKey, tf } from '@m2l/engine'
import type { StateDict } from '../state/parameter.js'

/**
 * What a forward pass has to know besides its input.
 *
 * A forward pass is a pure function of tensors, variables and the key: it never reads a value back to
 * JavaScript or branches on one, so that the same code runs eagerly or is traced once and run as a TensorFlow
 * graph.
 */
export interface ForwardContext {
  /** Whether batch norms use (and record) the batch's statistics and dropout drops. */
  readonly training: boolean
  /** The source of randomness of this pass; required in training by layers that draw. */
  readonly key?: RandomKey
  /** In training, let batch norms use their running statistics and leave those as they are. */
  readonly fixBatchNorm?: boolean
}

/** An encoder of images as maps of features. */
export interface Backbone {
  /** The name under which a recipe asks for it, for example `R12`. */
  readonly name: string
  /** The number of features at each position of its output. */
  readonly channels: number
  /**
   * Encodes images.
   *
   * @param images [n, height, width, 3], normalised.
   * @returns [n, height', width', channels], see `outputSize`.
   */
  embed(images: tf.Tensor4D, context: ForwardContext): tf.Tensor4D
  /** The names of its depths, shallow to deep; the map of the last is what `embed` gives. */
  readonly stages?: readonly string[]
  /**
   * The maps at several depths, in one pass that goes no deeper than it must.
   *
   * @param images as for `embed`
   * @param stages out of `stages`
   * @returns for each stage [n, height', width', channels'], the caller's
   * @throws {InputError} when a name is no stage
   */
  maps?(
    images: tf.Tensor4D,
    context: ForwardContext,
    stages: readonly string[],
  ): Readonly<Record<string, tf.Tensor4D>>
  /**
   * The same backbone, on the same parameters, with its first stages frozen: in training, too, they compute
   * as in evaluation, their parameters get no gradient and their batch norms keep their statistics.
   *
   * @param last of the frozen stages
   * @throws {InputError} when it is no stage
   */
  readonly freeze?: (last: string) => Backbone
  /** The height and width of the feature map of images of this size. */
  outputSize(height: number, width: number): readonly [height: number, width: number]
  /** The parameters, in the order of the layers. */
  readonly state: StateDict
  /** Frees the parameters. */
  dispose(): void
}
