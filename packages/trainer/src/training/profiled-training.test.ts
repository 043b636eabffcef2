import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, randomKey, startProfile, tf } from '@m2l/engine'
import { sgd } from '@m2l/nn'
import { loadSafetensors } from '@m2l/nn/files'
import { sampleEpisodes } from '@m2l/samplers'
import { expect, it } from 'vitest'
import { openRunFolder, startPosition, trainEpisodes } from '../index.js'
import { colourDataset, colourImages, tinyModel } from '../colours.test.helper.js'

const dataset = colourDataset(6, 8)
const train = colourImages(dataset, 'train')
const val = colourImages(dataset, 'val')
const key = randomKey(4)
const shape = { ways: 3, shots: 1, queries: 3 }

/** The tensors of the last checkpoint of a short training. */
async function trained() {
  const model = tinyModel(1)
  const optimiser = sgd(model.state, { momentum: 0.9 })
  const folder = await openRunFolder(mkdtempSync(join(tmpdir(), 'm2l-trainer-')))
  await trainEpisodes({
    model,
    optimiser,
    images: train,
    episode: shape,
    episodesPerEpoch: 12,
    batchSize: 2,
    validation: { images: val, episodes: sampleEpisodes(val.split, { ...shape, key, episodes: 10 }) },
    folder,
    description: { backbone: 'tiny', run: 'test' },
    epochs: 2,
    schedule: () => 0.05,
    position: startPosition,
    key,
  })
  optimiser.dispose()
  model.dispose()
  return (await loadSafetensors(folder.last)).tensors
}

it('a training under a profile ends with the very weights of one without, and its time is told', async () => {
  await loadEngine()
  const plain = await trained()
  const before = tf.memory().numTensors
  const profile = startProfile()
  const profiled = await trained()
  const { summary, trace } = profile.stop()
  expect(profiled).toEqual(plain)
  expect(tf.memory().numTensors).toBe(before)

  const calls = Object.fromEntries(summary.phases.map((phase) => [phase.name, phase.calls]))
  expect(calls).toMatchObject({ step: 12, 'training step': 11, validate: 2, 'embed bank': 2 })
  expect(Object.keys(calls)).toEqual(
    expect.arrayContaining(['wait for decoding', 'read back', 'checkpoint', 'embed: first call', 'score']),
  )
  expect(summary.beside.map(({ name }) => name)).toEqual(['decode'])
  const operations = trace.traceEvents.filter(({ cat }) => cat === 'operation').map(({ args }) => args!)
  for (const part of ['forward / support', 'forward / query', 'forward / level', 'backward', 'optimiser'])
    expect(
      operations.some(({ pass }) => String(pass).startsWith(part)),
      part,
    ).toBe(true)
  const layers = new Set(operations.map(({ layer }) => layer))
  expect([...layers]).toEqual(expect.arrayContaining(['encoder.0', 'encoder.1']))
})
