import { didYouMean, InputError, tf } from '@m2l/engine'
import { disposeState, mergeStates, type Backbone, type ForwardContext, type StateDict } from '@m2l/nn'
import { checkImages } from './images.js'

/** A depth of a backbone: its layers from the map before to the map that can be asked for. */
export interface Stage {
  readonly name: string
  readonly state: StateDict
  /** Whatever else it makes, the caller tidies. */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D
}

/** What a backbone of stages is made from. */
export interface StagedBackboneOptions {
  readonly name: string
  readonly channels: number
  /** Shallow to deep. */
  readonly stages: readonly Stage[]
  /** Parameters that belong to no stage. */
  readonly state?: StateDict
  /** The least height and width of an image. */
  readonly smallest: number
  readonly outputSize: Backbone['outputSize']
  /** How many of the first stages are frozen, see `Backbone.freeze`; none unless told. */
  readonly frozen?: number
  /** Called at the start of a pass; what it returns, if anything, changes the map of each stage. */
  begin?(context: ForwardContext): ((map: tf.Tensor4D, stage: number) => tf.Tensor4D) | undefined
}

/** A backbone whose stages follow one after the other. */
export function stagedBackbone(options: StagedBackboneOptions): Backbone {
  const { name, channels, stages, smallest, outputSize, frozen = 0, begin } = options
  const states = stages.map(({ state }, index) => (index < frozen ? untrained(state) : state))
  const state = mergeStates(...states, options.state ?? {})
  const names = stages.map((stage) => stage.name)

  /** The maps of the stages up to the deepest that is asked for. */
  const pass = (images: tf.Tensor4D, context: ForwardContext, deepest: number): tf.Tensor4D[] => {
    const change = begin?.(context)
    const maps: tf.Tensor4D[] = []
    for (const [index, stage] of stages.slice(0, deepest + 1).entries()) {
      const isFrozen = index < frozen
      const map = stage.forward(maps.at(-1) ?? images, isFrozen ? { training: false } : context)
      maps.push((isFrozen ? undefined : change?.(map, index)) ?? map)
    }
    return maps
  }

  return {
    name,
    channels,
    state,
    stages: names,
    embed(images, context) {
      checkImages(name, images, smallest)
      return tf.tidy(() => pass(images, context, stages.length - 1).at(-1)!)
    },
    maps(images, context, asked) {
      checkImages(name, images, smallest)
      const depths = asked.map((stage) => depthOf(name, names, stage))
      return tf.tidy(() => {
        const maps = pass(images, context, Math.max(-1, ...depths))
        return Object.fromEntries(depths.map((depth) => [names[depth]!, maps[depth]!]))
      })
    },
    freeze: (last) => stagedBackbone({ ...options, frozen: depthOf(name, names, last) + 1 }),
    outputSize,
    dispose: () => disposeState(state),
  }
}

/**
 * Where a stage stands among the stages of a backbone.
 *
 * @throws {InputError} when it is none of them
 */
function depthOf(backbone: string, stages: readonly string[], stage: string): number {
  const depth = stages.indexOf(stage)
  if (depth >= 0) return depth
  throw new InputError(
    `${backbone} has no stage ${JSON.stringify(stage)}${didYouMean(stage, stages)}; choose one of ${stages.join(', ')}`,
  )
}

/** The same parameters, none of which an optimiser changes. */
function untrained(state: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(state).map(([name, parameter]) => [name, { ...parameter, trainable: false }]),
  )
}
