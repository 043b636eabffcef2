import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { adam, Linear, sgd, type Optimiser, type StateDict } from '@m2l/nn'
import { loadSafetensors } from '@m2l/nn/files'
import { assertManifestMatches, episodeAt, readManifest, sampleEpisodes, type Episode } from '@m2l/samplers'
import { beforeAll, describe, expect, it } from 'vitest'
import { colourDataset, colourImages, tinyBackbone, tinyModel } from '../colours.test.helper.js'
import {
  classifierState,
  EpisodeImages,
  episodeStep,
  fileExists,
  NonFiniteError,
  openRunFolder,
  pretrain,
  startPosition,
} from '../index.js'
import { disposeEpisode, type ImageTensors, type RenderedEpisode, type RenderedImages } from '@m2l/model'
import { newFolder, runKey, smallRun } from '../run/small-run.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const shape = { ways: 3, shots: 1, queries: 3 }
const train = colourImages(colourDataset(6, 8), 'train')
const val = colourImages(colourDataset(6, 8), 'val')
const ofRun = (index: number) => episodeAt(train.split, { ...shape, key: runKey.fold('episodes') }, index)

/**
 * The colours, but a view of the queries of one episode of the run, or a batch, is multiplied by something.
 */
class Planted extends EpisodeImages {
  readonly #episode: Episode | undefined
  readonly #batch: number | undefined
  readonly #view: 'whole' | 'parts'
  readonly #factor: number
  readonly #planted = new WeakSet<object>()
  #loads = 0

  constructor({
    episode,
    batch,
    view = 'whole',
    factor,
  }: {
    episode?: number
    batch?: number
    view?: 'whole' | 'parts'
    factor: number
  }) {
    super(train.dataset, train.split, train.transforms)
    this.#episode = episode === undefined ? undefined : ofRun(episode)
    this.#batch = batch
    this.#view = view
    this.#factor = factor
  }

  override async loadEpisode(...given: Parameters<EpisodeImages['loadEpisode']>): Promise<RenderedEpisode> {
    const rendered = await super.loadEpisode(...given)
    if (JSON.stringify(given[0]) === JSON.stringify(this.#episode)) this.#planted.add(rendered)
    return rendered
  }

  override async load(...given: Parameters<EpisodeImages['load']>): Promise<RenderedImages> {
    const isPlanted = this.#loads++ === this.#batch && this.#episode === undefined
    const rendered = await super.load(...given)
    if (isPlanted) this.#planted.add(rendered)
    return rendered
  }

  override episodeTensors(rendered: RenderedEpisode) {
    const tensors = super.episodeTensors(rendered)
    return this.#planted.has(rendered) ? { ...tensors, query: this.#multiplied(tensors.query) } : tensors
  }

  override tensors(rendered: RenderedImages): ImageTensors {
    const tensors = super.tensors(rendered)
    return this.#planted.has(rendered) ? this.#multiplied(tensors) : tensors
  }

  #multiplied(images: ImageTensors): ImageTensors {
    const view = images[this.#view]!
    const multiplied = tf.mul(view, this.#factor) as tf.Tensor4D
    view.dispose()
    return { ...images, [this.#view]: multiplied }
  }
}

describe.each<[string, (state: StateDict) => Optimiser]>([
  ['SGD', (state) => sgd(state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })],
  ['Adam', (state) => adam(state)],
])('a step with %s', (_, optimiserFor) => {
  it.each([false, true])('in which not all is finite changes nothing; eager: %s', async (eager) => {
    const model = tinyModel(1)
    const optimiser = optimiserFor(model.state)
    const step = episodeStep(model, optimiser, { eager })
    const images = new Planted({ episode: 1, factor: 1e30 })
    const values = () =>
      Object.values({ ...model.state, ...optimiser.state }).map(({ value }) => value.dataSync().slice())
    const run = async (index: number) => {
      const tensors = images.episodeTensors(await images.loadEpisode(ofRun(index), model))
      const measures = step([tensors], 0.05, runKey)
      const flags = Array.from(measures.finite.dataSync())
      tf.dispose(Object.values(measures))
      disposeEpisode(tensors)
      return flags.every(Boolean)
    }
    expect(await run(0)).toBe(true)
    const [before, tensors] = [values(), tf.memory().numTensors]
    expect(await run(1)).toBe(false)
    expect(values()).toEqual(before)
    expect(tf.memory().numTensors).toBe(tensors)
    expect(await run(2)).toBe(true)
    expect(values()).not.toEqual(before)
    step.dispose()
    optimiser.dispose()
    model.dispose()
  })
})

describe('training on episodes', () => {
  it('stops where a number is not finite, names it, and keeps the episode', async () => {
    const folder = newFolder()
    const before = tf.memory().numTensors
    const planted = () => new Planted({ episode: 27, view: 'parts', factor: Infinity })
    const run = smallRun(folder, { images: planted() })
    const file = join(folder, 'fault-step-14.jsonl')
    await expect(run).rejects.toThrow(
      new NonFiniteError(
        `step 14 (epoch 2, step 2): not finite in episode 27: the scores of level pooled parts; ${file} keeps what it ` +
          'learned from, the checkpoints are as they were: try a smaller learning rate, or go on without such steps ' +
          '(--resume --on-nan skip)',
      ),
    )
    expect(tf.memory().numTensors).toBe(before)
    const manifest = await readManifest(file)
    assertManifestMatches(manifest, train.split)
    expect(manifest.episodes).toEqual([ofRun(27)])
    const resumed = await smallRun(folder, { images: planted(), onNan: 'skip' }, { resume: true })
    expect(resumed.outcome).toMatchObject({ completed: true, skipped: 1 })
  })

  it('skips such steps, counts them, and resumes to the very same end', async () => {
    const lines: string[] = []
    const skipping = { images: new Planted({ episode: 6, factor: 1e30 }), onNan: 'skip' } as const
    const whole = await smallRun(newFolder(), { ...skipping, onSkip: (line) => lines.push(line) })
    expect(lines).toEqual([
      expect.stringMatching(
        /^step 4 .*episodes 6 to 7: the new value of encoder\.1\.running_var; skipped, and kept in \S+4\.jsonl$/,
      ),
    ])
    expect(whole.outcome).toMatchObject({ completed: true, skipped: 1 })
    const { history } = whole.outcome.position
    expect(history.losses.map(({ steps, skipped }) => [steps, skipped])).toEqual([
      [10, 1],
      [2, undefined],
      [10, undefined],
      [2, undefined],
    ])
    expect(history.epochs.map(({ skipped }) => skipped)).toEqual([1, undefined])
    expect(history.epochs.every(({ loss }) => Number.isFinite(loss))).toBe(true)
    expect(readFileSync(whole.files.record, 'utf8')).toMatch(
      /^epoch 1: .* %\), 1 step skipped, best so far$/m,
    )

    const controller = new AbortController()
    const folder = newFolder()
    const interrupted = await smallRun(folder, {
      ...skipping,
      signal: controller.signal,
      onProgress: ({ done }) => done >= 10 && controller.abort(),
    })
    expect(interrupted.outcome.position).toMatchObject({ epoch: 0, step: 5, skipped: 1 })
    const resumed = await smallRun(folder, skipping, { resume: true })
    expect(resumed.outcome.position).toEqual(whole.outcome.position)
    const [expected, actual] = await Promise.all(
      [whole, resumed].map(({ files }) => loadSafetensors(files.last)),
    )
    expect(actual).toEqual(expected)
  })

  it('stops at once with a learning rate that is absurd, and with one that is in every step', async () => {
    const absurd = { schedule: () => 1e38 }
    await expect(smallRun(newFolder(), absurd)).rejects.toThrow(
      /^step [1-3] \(epoch 1, step [1-3]\): not finite in/,
    )
    const beyond = { schedule: () => Number.POSITIVE_INFINITY, onNan: 'skip' } as const
    await expect(smallRun(newFolder(), beyond)).rejects.toThrow(
      /^epoch 1: in none of its 12 steps all numbers were finite/,
    )
  })
})

it('pretraining stops as well, and keeps the pictures of the batch', async () => {
  const backbone = tinyBackbone(randomKey(1))
  const classifier = new Linear({ key: runKey, inputs: backbone.channels, outputs: 6 })
  const optimiser = sgd(classifierState({ backbone, classifier }), { momentum: 0.9 })
  const folder = await openRunFolder(newFolder())
  const run = pretrain({
    backbone,
    classifier,
    optimiser,
    images: new Planted({ batch: 2, factor: Infinity }),
    batchSize: 16,
    validation: {
      images: val,
      episodes: sampleEpisodes(val.split, { ...shape, key: runKey, episodes: 5 }),
      firstEpoch: 1,
      everyEpochs: 1,
    },
    folder,
    description: { backbone: 'tiny', run: 'test' },
    epochs: 1,
    schedule: () => 0.05,
    position: startPosition,
    key: runKey,
  })
  await expect(run).rejects.toThrow(/^step 3 \(epoch 1, step 3\): not finite in this batch: the loss; /)
  const line = JSON.parse(readFileSync(join(folder.path, 'fault-step-3.jsonl'), 'utf8')) as {
    images: string[]
  }
  expect(line).toMatchObject({ split: 'train', epoch: 0, step: 2 })
  expect(line.images).toHaveLength(16)
  expect(await fileExists(folder.last)).toBe(false)
})
