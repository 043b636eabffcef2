import { graphFunction, tf, type RandomKey } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import type { ImageRecord } from '@m2l/datasets'
import { crossEntropy, LevelFusion, pooled } from '@m2l/metric'
import { lossAndGradients, mergeStates, prefixed, type Backbone, type Linear, type Optimiser } from '@m2l/nn'
import type { Episode } from '@m2l/samplers'
import type { EpisodeImages } from '../images/episode-images.js'
import { disposeImages, FewShotModel, prefetch, type RenderedImages } from '@m2l/model'
import { accuracy } from '../evaluation/accuracy.js'
import { evaluate } from '../evaluation/evaluate.js'
import { taskOf } from '../evaluation/episode-task.js'
import { nearestPrototype } from './nearest-prototype.js'
import { checksOf, StepGuard, type StepChecks } from './step-guard.js'
import { runTraining, type StepMeasures, type TrainingOutcome, type TrainingRun } from './training-loop.js'

export interface Pretraining extends TrainingRun {
  readonly backbone: Backbone
  /** From pooled features to the classes of the training split. */
  readonly classifier: Linear
  readonly optimiser: Optimiser
  readonly images: EpisodeImages
  readonly batchSize: number
  readonly validation: {
    readonly images: EpisodeImages
    readonly episodes: readonly Episode[]
    /** The first epoch, counted from 1, after which to validate; the last epoch is validated in any case. */
    readonly firstEpoch: number
    readonly everyEpochs: number
  }
  readonly key: RandomKey
}

/**
 * Pretraining: the backbone learns to classify all classes of the training split, and the one that best
 * classifies unseen classes by their nearest prototype is kept.
 */
export function pretrain(training: Pretraining): Promise<TrainingOutcome> {
  const { backbone, optimiser, images, batchSize, validation, epochs, key } = training
  const labelled = images.split.classes.flatMap((ofClass, label) =>
    ofClass.images.map((record) => ({ record, label })),
  )
  const stepsPerEpoch = Math.ceil(labelled.length / batchSize)
  const step = classificationStep(training)
  const batches = function* (epoch: number, firstStep: number): Generator<Batch, undefined> {
    const order = key.fold('order', epoch).generator().shuffle(labelled)
    for (let index = firstStep; index < stepsPerEpoch; index++) {
      yield {
        labelled: order.slice(index * batchSize, (index + 1) * batchSize),
        key: key.fold('transforms', epoch, index),
      }
    }
  }
  const load = (batch: Batch) =>
    images.load(
      batch.labelled.map(({ record }) => record),
      ['whole'],
      batch.key,
    )
  const evaluated = new FewShotModel(
    backbone,
    new LevelFusion([{ level: nearestPrototype(), weight: 1, temperature: 1 }]),
  )

  return runTraining<[Batch, RenderedImages]>(
    {
      phase: 'pretrain',
      unit: 'batches',
      classes: images.split.classes.length,
      validated: taskOf(validation.episodes[0]!),
      unitsPerStep: 1,
      stepsPerEpoch,
      model: classifierState(training),
      optimiser,
      checks: classificationChecks(training),
      async keepForReplay(file, at) {
        const batch = batches(at.epoch, at.step).next().value!
        const { name: dataset } = images.dataset
        const { name: split, hash: splitHash } = images.split
        const ids = batch.labelled.map(({ record }) => record.id)
        const line = { format: 'm2l-batch', dataset, split, splitHash, ...at, images: ids }
        await writeFileAtomically(file, `${JSON.stringify(line)}\n`)
        return 'this batch'
      },
      batches: (epoch, firstStep) => prefetch(batches(epoch, firstStep), load),
      step([batch, rendered], at) {
        const tensors = images.tensors(rendered)
        const labels = tf.tensor1d(
          batch.labelled.map(({ label }) => label),
          'int32',
        )
        const rate = tf.scalar(at.rate)
        const measures = step(
          { images: tensors.whole!, labels, rate },
          key.fold('forward', at.epoch, at.step),
        )
        tf.dispose([labels, rate])
        disposeImages(tensors, rendered)
        return measures
      },
      async validate(epoch) {
        const { firstEpoch, everyEpochs } = validation
        const due = epoch >= firstEpoch && (epoch - firstEpoch) % everyEpochs === 0
        if (!due && epoch !== epochs) return undefined
        const { fused, loss } = await evaluate({
          model: evaluated,
          images: validation.images,
          episodes: validation.episodes,
          phase: 'validate',
          onProgress: training.onProgress,
          onEager: training.onEager,
          signal: training.signal,
        })
        return { loss, accuracy: fused.mean, halfWidth95: fused.halfWidth95 }
      },
    },
    training,
  ).finally(step.dispose)
}

/**
 * The parameters that pretraining saves: the backbone's as `encoder.…` and the classifier's as
 * `classifier.…`.
 */
export function classifierState({ backbone, classifier }: Pick<Pretraining, 'backbone' | 'classifier'>) {
  return mergeStates(prefixed('encoder', backbone.state), prefixed('classifier', classifier.state))
}

interface Labelled {
  readonly record: ImageRecord
  readonly label: number
}

/** Images of a step and the source of their random transforms. */
interface Batch {
  readonly labelled: readonly Labelled[]
  readonly key: RandomKey
}

/** What of a step must be finite. */
function classificationChecks(
  training: Pick<Pretraining, 'backbone' | 'classifier' | 'optimiser'>,
): StepChecks {
  return checksOf({ loss: 'the loss' }, classifierState(training), training.optimiser.state)
}

/** One optimiser step on a batch of labelled images, as one graph. */
function classificationStep(
  training: Pick<Pretraining, 'backbone' | 'classifier' | 'optimiser' | 'onEager'>,
) {
  const { backbone, classifier, optimiser, onEager } = training
  const state = classifierState(training)
  const checks = classificationChecks(training)
  return graphFunction<ClassificationInputs, StepMeasures>(
    ({ images, labels, rate }, key) => {
      const guard = new StepGuard(checks)
      let correct: tf.Scalar
      const { loss, gradients } = lossAndGradients(state, () => {
        const features = backbone.embed(images, { training: true, key })
        const logits = classifier.forward(pooled(features))
        correct = tf.keep(accuracy(logits, labels))
        return crossEntropy(logits, labels)
      })
      guard.look({ loss })
      optimiser.step(gradients, rate)
      const measures = { loss, accuracy: tf.clone(correct!), finite: guard.close() }
      correct!.dispose()
      return measures
    },
    { name: 'pretraining step', onEager },
  )
}

type ClassificationInputs = { images: tf.Tensor4D; labels: tf.Tensor1D; rate: tf.Scalar }
