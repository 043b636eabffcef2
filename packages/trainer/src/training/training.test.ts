import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { Linear, sgd } from '@m2l/nn'
import { loadSafetensors } from '@m2l/nn/files'
import { sampleEpisodes } from '@m2l/samplers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  classifierState,
  episodeStep,
  loadBackbone,
  loadCheckpoint,
  openRunFolder,
  pretrain,
  startPosition,
  trainEpisodes,
  type EpisodicTraining,
  type Progress,
  type TrainingPosition,
} from '../index.js'
import { disposeEpisode } from '@m2l/model'
import { colourDataset, colourImages, tinyBackbone, tinyModel } from '../colours.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const dataset = colourDataset(6, 8)
const train = colourImages(dataset, 'train')
const val = colourImages(dataset, 'val')
const key = randomKey(4)
const shape = { ways: 3, shots: 1, queries: 3 }
const validation = { images: val, episodes: sampleEpisodes(val.split, { ...shape, key, episodes: 20 }) }
const momentum = { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }

async function run(folder: string, position: TrainingPosition, changes: Partial<EpisodicTraining> = {}) {
  const model = tinyModel(1)
  const optimiser = sgd(model.state, momentum)
  const files = await openRunFolder(folder)
  if (position !== startPosition)
    await loadCheckpoint(files.last, { model: model.state, optimiser: optimiser.state })
  const outcome = await trainEpisodes({
    model,
    optimiser,
    images: train,
    episode: shape,
    episodesPerEpoch: 24,
    batchSize: 2,
    validation,
    folder: files,
    description: { backbone: 'tiny', run: 'test' },
    epochs: 2,
    schedule: (epoch) => 0.05 / (epoch + 1),
    position,
    key,
    ...changes,
  })
  optimiser.dispose()
  model.dispose()
  return { outcome, files }
}

const temporary = () => mkdtempSync(join(tmpdir(), 'm2l-trainer-'))

describe('trainEpisodes', () => {
  it('learns, validates, and leaves checkpoints, a record and TensorBoard scalars', async () => {
    const losses: number[] = []
    const seen: number[] = []
    const waiting: number[] = []
    const before = tf.memory().numTensors
    const { outcome, files } = await run(temporary(), startPosition, {
      epochs: 4,
      onEpoch: async ({ epoch }) => void seen.push(epoch),
      onProgress({ phase, loss, waiting: share }) {
        if (phase !== 'train') return
        if (loss !== undefined) losses.push(loss)
        waiting.push(share!)
      },
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(outcome).toMatchObject({ completed: true, position: { epoch: 4, step: 0 } })
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    const { history } = outcome.position
    expect(history.losses.map(({ epoch, steps }) => [epoch, steps])).toEqual(
      [1, 2, 3, 4].flatMap((epoch) => [
        [epoch - 1 + 10 / 12, 10],
        [epoch, 2],
      ]),
    )
    expect(history.epochs.map(({ epoch, rate }) => [epoch, rate])).toEqual(
      [1, 2, 3, 4].map((epoch) => [epoch, 0.05 / epoch]),
    )
    for (const measured of history.epochs) {
      expect(measured.loss).toBeGreaterThan(0)
      expect(measured.validation!.accuracy).toBeGreaterThan(1 / 3)
    }
    expect(seen).toEqual([1, 2, 3, 4])
    expect([outcome.waiting, ...waiting].every((share) => share >= 0 && share <= 1)).toBe(true)
    expect(waiting.at(-1)).toBeGreaterThan(0)
    expect(existsSync(files.best)).toBe(true)
    const record = readFileSync(files.record, 'utf8').trimEnd().split('\n')
    expect(record).toHaveLength(4)
    expect(record[0]).toMatch(
      /^epoch 1: training loss .* validation accuracy \d+\.\d\d ± \d+\.\d\d % \(\d+-way \d+-shot; guessing gives \d+\.\d %\), best so far$/,
    )
  })

  it.each<[string, { epoch: number; atStep: boolean }, (progress: Progress) => boolean]>([
    ['in an epoch', { epoch: 1, atStep: true }, ({ phase, epoch }) => phase === 'train' && epoch === 2],
    ['in a validation', { epoch: 0, atStep: true }, ({ phase, done }) => phase === 'embed' && done > 0],
    ['at the end of a validation', { epoch: 1, atStep: false }, ({ phase }) => phase === 'validate'],
  ])(
    'goes on after an interruption %s to the very weights of the uninterrupted run',
    async (_, { epoch, atStep }, isMoment) => {
      const before = tf.memory().numTensors
      const whole = await run(temporary(), startPosition)
      const folder = temporary()
      const controller = new AbortController()
      const interrupted = await run(folder, startPosition, {
        signal: controller.signal,
        onProgress: (progress) => isMoment(progress) && controller.abort(),
      })
      expect(interrupted.outcome).toMatchObject({ completed: false, position: { epoch } })
      expect(interrupted.outcome.position.step > 0).toBe(atStep)
      expect(tf.memory().numTensors).toBe(before)
      const resumed = await run(folder, interrupted.outcome.position)
      expect(resumed.outcome).toMatchObject({ completed: true, position: whole.outcome.position })
      const [expected, actual] = await Promise.all(
        [whole, resumed].map(({ files }) => loadSafetensors(files.last)),
      )
      expect(actual!.tensors).toEqual(expected!.tensors)
      expect(readFileSync(resumed.files.record, 'utf8')).toBe(readFileSync(whole.files.record, 'utf8'))
    },
  )

  it('makes a step of a batch by the mean gradient of its episodes', async () => {
    const [alone, together] = [tinyModel(1), tinyModel(1)]
    const fixed = { fixBatchNorm: true }
    const [episode] = sampleEpisodes(train.split, { ...shape, key, episodes: 1 })
    const tensors = train.episodeTensors(await train.loadEpisode(episode!, alone))
    tf.dispose(Object.values(episodeStep(alone, sgd(alone.state), fixed)([tensors], 0.1, key)))
    tf.dispose(Object.values(episodeStep(together, sgd(together.state), fixed)([tensors, tensors], 0.1, key)))
    for (const [name, { value }] of Object.entries(alone.state)) {
      const difference = tf.tidy(
        () => tf.max(tf.abs(tf.sub(value, together.state[name]!.value))).dataSync()[0],
      )
      expect(difference).toBeLessThan(1e-6)
    }
    disposeEpisode(tensors)
  })

  it.each([true, false])(
    'leaves the statistics of batch norms alone where they are fixed: %s',
    async (fixed) => {
      const { files } = await run(temporary(), startPosition, { fixBatchNorm: fixed, epochs: 1 })
      const { tensors } = await loadSafetensors(files.last)
      const means = tensors['model.encoder.1.running_mean']!.data as Float32Array
      expect(means.every((value) => value === 0)).toBe(fixed)
      expect(tensors['model.encoder.1.weight']!.data).not.toEqual(new Float32Array(6).fill(1))
    },
  )

  it('keeps the number of tensors flat over 500 steps', async () => {
    const model = tinyModel(1)
    const optimiser = sgd(model.state, momentum)
    const step = episodeStep(model, optimiser)
    const episodes = sampleEpisodes(train.split, { ...shape, key, episodes: 500 })
    const counts = new Set<number>()
    for (const [index, episode] of episodes.entries()) {
      const tensors = train.episodeTensors(await train.loadEpisode(episode, model, key.fold(index)))
      const measures = step([tensors], 0.01, key.fold(index))
      disposeEpisode(tensors)
      tf.dispose(Object.values(measures))
      if (index > 0) counts.add(tf.memory().numTensors)
    }
    expect(counts.size).toBe(1)
  })

  it('refuses the checkpoint of another architecture and changes nothing', async () => {
    const { files } = await run(temporary(), startPosition, { epochs: 1 })
    const other = new Linear({ key, inputs: 2, outputs: 2 })
    const before = other.state.weight!.value.dataSync()
    await expect(loadCheckpoint(files.best, { model: other.state })).rejects.toThrow(
      /best\.safetensors.*another architecture.*missing/,
    )
    expect(other.state.weight!.value.dataSync()).toEqual(before)
  })
})

describe('pretrain', () => {
  it('learns the training classes and hands its backbone on', async () => {
    const backbone = tinyBackbone(key)
    const classifier = new Linear({ key, inputs: backbone.channels, outputs: 6 })
    const optimiser = sgd(classifierState({ backbone, classifier }), momentum)
    const folder = await openRunFolder(temporary())
    const accuracies: number[] = []
    const tensors = tf.memory().numTensors
    const outcome = await pretrain({
      backbone,
      classifier,
      optimiser,
      images: train,
      batchSize: 16,
      validation: { ...validation, firstEpoch: 3, everyEpochs: 4 },
      folder,
      description: { backbone: 'tiny', run: 'test' },
      epochs: 8,
      schedule: () => 0.05,
      position: startPosition,
      key,
      onProgress: ({ phase, accuracy }) =>
        phase === 'pretrain' && accuracy !== undefined && accuracies.push(accuracy),
    })
    expect(accuracies.at(-1)).toBeGreaterThan(accuracies[0]!)
    expect(readFileSync(folder.record, 'utf8').match(/^epoch \d+/gm)).toEqual([
      'epoch 3',
      'epoch 7',
      'epoch 8',
    ])
    expect(outcome.position.best).not.toBeNull()
    expect(tf.memory().numTensors).toBe(tensors)
    const fresh = tinyBackbone(randomKey(99))
    await loadBackbone(folder.best, fresh.state)
    const best = await loadSafetensors(folder.best)
    expect(best.tensors['model.encoder.1.weight']!.data).toEqual(fresh.state['1.weight']!.value.dataSync())
  })
})
