import { graphFunction, tf, type GraphFunctionOptions, type RandomKey } from '@m2l/engine'
import { lossAndGradients, type Optimiser } from '@m2l/nn'
import { episodeAt, sampleManifest, writeManifest, type Episode, type EpisodeOptions } from '@m2l/samplers'
import {
  disposeEpisode,
  prefetch,
  type EpisodeTensors,
  type FewShotModel,
  type RenderedEpisode,
} from '@m2l/model'
import { episodeSeenBy, type EpisodeImages } from '../images/episode-images.js'
import { accuracy } from '../evaluation/accuracy.js'
import { evaluate } from '../evaluation/evaluate.js'
import { taskOf } from '../evaluation/episode-task.js'
import { checksOf, StepGuard, type StepChecks } from './step-guard.js'
import { runTraining, type StepMeasures, type TrainingOutcome, type TrainingRun } from './training-loop.js'

export interface EpisodicTraining extends TrainingRun {
  readonly model: FewShotModel
  readonly optimiser: Optimiser
  readonly images: EpisodeImages
  /** Ways, shots, queries and unlabelled images of a training episode. */
  readonly episode: Omit<EpisodeOptions, 'key'>
  readonly episodesPerEpoch: number
  /** Episodes whose mean gradient makes a step. */
  readonly batchSize: number
  /** Episodes on which each epoch is validated. */
  readonly validation: { readonly images: EpisodeImages; readonly episodes: readonly Episode[] }
  /** Whether batch norms keep the statistics that they came with. */
  readonly fixBatchNorm?: boolean
  readonly key: RandomKey
}

/**
 * Episodic training ("meta-training"): each step classifies the queries of a batch of episodes by their
 * supports and follows the gradient of the mean loss.
 *
 * Episode `i` of a run depends on the key and `i` alone, so that a resumed run sees what it would have seen.
 *
 * @throws {InputError} when a level is for evaluation alone, or not ready
 */
export async function trainEpisodes(training: EpisodicTraining): Promise<TrainingOutcome> {
  const { model, optimiser, images, episode, batchSize, validation, key } = training
  model.metric.requireTrainable()
  model.metric.requireReady()
  const stepsPerEpoch = Math.ceil(training.episodesPerEpoch / batchSize)
  const { fixBatchNorm = false, onEager } = training
  const step = episodeStep(model, optimiser, { fixBatchNorm, onEager })
  const episodeIndices = function* (epoch: number, firstStep: number): Generator<number[]> {
    for (let index = firstStep; index < stepsPerEpoch; index++) {
      const first = (epoch * stepsPerEpoch + index) * batchSize
      yield Array.from({ length: batchSize }, (_, offset) => first + offset)
    }
  }
  const load = (indices: number[]) =>
    Promise.all(
      indices.map((index) => {
        const drawn = episodeAt(images.split, { ...episode, key: key.fold('episodes') }, index)
        return images.loadEpisode(episodeSeenBy(model, drawn), model, key.fold('transforms', index))
      }),
    )

  return runTraining<[number[], RenderedEpisode[]]>(
    {
      phase: 'train',
      unit: 'episodes',
      classes: episode.ways,
      validated: taskOf(validation.episodes[0]!),
      unitsPerStep: batchSize,
      stepsPerEpoch,
      model: model.state,
      optimiser,
      checks: episodeChecks(model, optimiser),
      async keepForReplay(file, at, part) {
        const first = (at.epoch * stepsPerEpoch + at.step) * batchSize + (part ?? 0)
        const count = part === undefined ? batchSize : 1
        const drawn = { ...episode, key: key.fold('episodes'), first, episodes: count }
        await writeManifest(file, sampleManifest(images.dataset.name, images.split, drawn))
        return count === 1 ? `episode ${first}` : `episodes ${first} to ${first + count - 1}`
      },
      batches: (epoch, firstStep) => prefetch(episodeIndices(epoch, firstStep), load),
      step([indices, rendered], { rate }) {
        const batch = rendered.map((one) => images.episodeTensors(one))
        const measures = step(batch, rate, key.fold('forward', indices[0]!))
        batch.forEach((tensors, position) => disposeEpisode(tensors, rendered[position]))
        return measures
      },
      async validate() {
        const { fused, loss } = await evaluate({
          model,
          ...validation,
          phase: 'validate',
          onProgress: training.onProgress,
          onEager,
          signal: training.signal,
        })
        return { loss, accuracy: fused.mean, halfWidth95: fused.halfWidth95 }
      },
    },
    training,
  ).finally(step.dispose)
}

/** How a training step is carried out. */
export interface StepOptions extends GraphFunctionOptions {
  /** Whether batch norms keep the statistics that they came with. */
  readonly fixBatchNorm?: boolean
}

/** A training step on some episodes; `dispose` frees its graphs. */
export interface EpisodeStep {
  (episodes: readonly EpisodeTensors[], rate: number, key: RandomKey): StepMeasures
  dispose(): void
}

/** What of a step must be finite. */
function episodeChecks({ metric, state }: FewShotModel, optimiser: Optimiser): StepChecks {
  const scores = metric.levels.map(({ level: { name } }) => [name, `the scores of level ${name}`] as const)
  return checksOf(Object.fromEntries(scores), state, optimiser.state)
}

/**
 * One optimiser step on the mean gradient of some episodes, computed one after the other. A step in which
 * anything is not finite changes nothing; the measure `finite` tells.
 */
export function episodeStep(
  model: FewShotModel,
  optimiser: Optimiser,
  { fixBatchNorm = false, ...options }: StepOptions = {},
): EpisodeStep {
  const { state } = model
  const checks = episodeChecks(model, optimiser)
  const step = graphFunction<StepInputs, StepMeasures>(
    ({ episodes, rate }, key) => {
      const guard = new StepGuard(checks)
      const each = episodes.map((episode, index) => {
        const context = { training: true, key: key!.fold(index), fixBatchNorm }
        let correct: tf.Scalar
        const { loss, gradients } = lossAndGradients(state, () => {
          const scores = model.scores(episode, context)
          correct = tf.keep(accuracy(model.metric.predict(scores), episode.labels))
          guard.look(scores)
          return model.metric.loss(scores, episode.labels)
        })
        return { loss, gradients, accuracy: correct! }
      })
      optimiser.step(meanGradients(each.map(({ gradients }) => gradients)), rate)
      const accuracies = each.map((measures) => measures.accuracy)
      const measures = {
        loss: mean(each.map(({ loss }) => loss)),
        accuracy: tf.clone(mean(accuracies)),
        finite: guard.close(),
      }
      tf.dispose(accuracies)
      return measures
    },
    { name: 'training step', ...options },
  )
  const call = (episodes: readonly EpisodeTensors[], rate: number, key: RandomKey): StepMeasures => {
    const rateTensor = tf.scalar(rate)
    const measures = step({ episodes, rate: rateTensor }, key)
    rateTensor.dispose()
    return measures
  }
  return Object.assign(call, { dispose: step.dispose })
}

interface StepInputs {
  readonly episodes: readonly EpisodeTensors[]
  readonly rate: tf.Scalar
}

type Gradients = Readonly<Record<string, tf.Tensor>>

/**
 * The mean over episodes; where an episode's loss does not depend on a parameter, its gradient counts as
 * zero.
 */
function meanGradients(each: readonly Gradients[]): Gradients {
  const names = new Set(each.flatMap((gradients) => Object.keys(gradients)))
  return Object.fromEntries(
    Array.from(names, (name) => [
      name,
      mean(
        each.flatMap((gradients) => gradients[name] ?? []),
        each.length,
      ),
    ]),
  )
}

function mean<Tensor extends tf.Tensor>(tensors: readonly Tensor[], count = tensors.length): Tensor {
  if (count === 1) return tensors[0]!
  return tf.div(tf.addN([...tensors]), count) as Tensor
}
