import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { loadSafetensors } from '@m2l/nn/files'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseRecipe, trainRecipe } from './index.js'
import { createModel } from '@m2l/model'

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-train-'))
})
afterAll(() => rm(folder, { recursive: true }))

const text = `
model: { encoder: EfficientNet-Lite0, query: ProtoNet }
data: { dataset: emoji, image_size: 64 }
train: { episode_per_epoch: 2, epochs: 1, batch_size: 2, query_per_class_per_episode: 2 }
val: { episode: 2 }
test: { query_per_class_per_episode: 2 }
`

test.each([
  ['what is frozen stays, batch norms included', ['train.frozen_stages=stage5'], false],
  [
    'fixed batch norms learn, but keep their statistics',
    ['train.frozen_stages=stage5', 'train.fix_bn=true'],
    true,
  ],
])('an EfficientNet-Lite is trained: %s', async (_name, overrides, isFixed) => {
  const run = join(folder, String(isFixed))
  const recipe = parseRecipe(text, join(folder, 'r.yaml'), [...overrides, `run.folder=${run}`])
  const initial = createModel(recipe)
  const before = tf.memory().numTensors
  const reasons: string[] = []
  await trainRecipe(recipe, { onNote: (line) => reasons.push(line) })
  expect(tf.memory().numTensors).toBe(before)
  expect(reasons.filter((line) => line.includes('operation by operation'))).toEqual([])
  const { tensors } = await loadSafetensors(join(run, 'best.safetensors'))
  const changed = Object.entries(initial.state).flatMap(([name, { value, layout }]) => {
    const found = tensors[`model.${name}`] ?? tensors[name]!
    const start =
      layout === 'convolution'
        ? tf.tidy(() => tf.transpose(value, [3, 2, 0, 1]).dataSync())
        : value.dataSync()
    return start.every((number, index) => number === found.data[index]) ? [] : [name]
  })
  const stageOf = (name: string) => name.split('.')[1]!
  expect([...new Set(changed.map(stageOf))]).toEqual(['stage6', 'stage7', 'head'])
  expect(changed.some((name) => name.endsWith('running_mean'))).toBe(!isFixed)
  expect(changed).toContain('encoder.head.bn.weight')
  initial.dispose()
})
