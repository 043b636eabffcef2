import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadEngine } from '@m2l/engine'
import { evaluateRecipe, FewShotClassifier, readRecipe, trainRecipe } from '@m2l/m2l'
import { loadSafetensors, savePyTorch } from '@m2l/nn/files'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'

const recipeFile = fileURLToPath(new URL('../recipe.yaml', import.meta.url))
const program = fileURLToPath(new URL('../../../packages/cli/bin/m2l.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'm2l-custom-backbone-'))
const weights = join(folder, 'run/best.safetensors')

beforeAll(async () => {
  await loadEngine()
})
afterAll(() => rmSync(folder, { recursive: true }))

const recipe = () =>
  readRecipe(recipeFile, [
    `run.folder=${join(folder, 'run')}`,
    'train.epochs=1',
    'train.episode_per_epoch=8',
    'val.episode=5',
    'test.episode=20',
  ])

it('is trained and evaluated by a recipe that imports it', async () => {
  const read = await recipe()
  expect(read.data).toMatchObject({
    image_size: 32,
    normalisation: { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] },
  })
  expect(await trainRecipe(read)).toMatchObject({ completed: true, bestEpoch: 1 })
  const { tensors } = await loadSafetensors(weights)
  expect(tensors['model.encoder.stage1.depthwise.weight']!.shape).toEqual([48, 1, 3, 3])
  expect(tensors['model.encoder.stage2.pointwise.weight']!.shape).toEqual([192, 96, 1, 1])
  const report = await evaluateRecipe(read)
  expect(report.notes).toEqual([])
  expect(report.accuracy.fused).toBeGreaterThan(0.25)
})

it('classifies pictures by m2l classify --cfg', async () => {
  await writePictures('examples', [1, 2])
  await writePictures('photos', [3, 4, 5])
  const words = [
    'classify',
    '--support',
    'examples',
    '--query',
    'photos',
    '--weights',
    weights,
    '--json',
    '--quiet',
  ]
  const { stdout, stderr, status } = m2l(...words, '--cfg', recipeFile)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const report = JSON.parse(stdout) as { accuracy: number }
  expect(report.accuracy).toBe(1)
  const alone = m2l(...words)
  expect(alone.status).toBe(2)
  expect(alone.stderr).toMatch(
    /^m2l: \S+best\.safetensors: its model is made with separable, whose code weights do not hold; name the recipe too, which imports it \(--cfg FILE\)\n$/,
  )
})

it('takes weights from elsewhere under the names that they have there', async () => {
  const { tensors } = await loadSafetensors(weights)
  const published = Object.entries(tensors).map(([name, tensor]) => [
    name.replace('model.encoder.', 'module.'),
    tensor,
  ])
  const classifier = { shape: [2, 1], data: Float32Array.of(1, 2) }
  const file = join(folder, 'elsewhere.pth')
  await savePyTorch(file, { ...Object.fromEntries(published), 'classifier.weight': classifier })
  const [red, green, query] = await Promise.all([bytes(0, 1), bytes(1, 1), bytes(1, 4)])
  const said = []
  for (const from of [weights, file]) {
    const loaded = await FewShotClassifier.load(from, { recipe: await recipe() })
    await loaded.add('red', [red])
    await loaded.add('green', [green])
    said.push(await loaded.classify([query]))
    loaded.dispose()
  }
  expect(said[1]).toEqual(said[0])
})

it('is refused with options that it does not have, and by names that are not there', async () => {
  await expect(readRecipe(recipeFile, ['model.encoder_options.widht=8'])).rejects.toThrow(
    'model.encoder_options.widht=8: model.encoder_options.widht is not an option; did you mean model.encoder_options.width?',
  )
  await expect(readRecipe(recipeFile, ['model.encoder=seperable'])).rejects.toThrow(
    /^model\.encoder=seperable: model\.encoder is "seperable", expected FourLayer_64F, .* or separable; did you mean separable\?$/,
  )
})

const colours = [
  { r: 220, g: 40, b: 30 },
  { r: 30, g: 200, b: 60 },
]

/** A bar on a coloured ground, somewhere else in each picture. */
function picture(kind: number, number: number) {
  const bar = { create: { width: 8, height: 30, channels: 3 as const, background: 'white' } }
  return sharp({ create: { width: 60, height: 40, channels: 3, background: colours[kind]! } }).composite([
    { input: bar, left: 6 * number, top: number },
  ])
}

function bytes(kind: number, number: number): Promise<Buffer> {
  return picture(kind, number).png().toBuffer()
}

async function writePictures(name: string, numbers: readonly number[]): Promise<void> {
  for (const [kind, label] of ['red', 'green'].entries()) {
    mkdirSync(join(folder, name, label), { recursive: true })
    for (const number of numbers)
      await picture(kind, number)
        .png()
        .toFile(join(folder, name, label, `${number}.png`))
  }
}

function m2l(...words: string[]) {
  return spawnSync(process.execPath, [program, ...words], { cwd: folder, encoding: 'utf8' })
}
