import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { contentsOf, m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'hen'].entries()) {
    for (const [part, images] of Object.entries({ examples: 2, single: 1, photos: 2 })) {
      await mkdir(join(folder, part, name), { recursive: true })
      for (let image = 0; image < images; image++)
        await writeFile(join(folder, part, name, `${image}.png`), await pattern(kind, image))
    }
  }
  await writeFile(join(folder, 'file'), 'x')
  const by = ['--weights', 'emoji-conv64f', '--quiet']
  for (const part of ['examples', 'single'])
    await here('--support', part, '--query', 'photos', '--save', `${part}.safetensors`, ...by)
  await m2lHere(folder, 'embed', 'examples', '-o', 'features.safetensors', ...by)
})

beforeEach(async () => {
  // where weights are looked for, that is told
  vi.stubEnv('M2L_CACHE', join(folder, 'cache'))
  vi.stubEnv('M2L_OFFLINE', '1')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const here = (...words: string[]) => m2lHere(folder, 'classify', ...words)
const photos = ['--query', 'photos']
const both = ['--support', 'examples', ...photos]

test.each([
  [[...both, '--save', 'none/x.safetensors'], /none\/x\.safetensors: .* its folder does not exist/],
  [[...both, '--save', 'file'], /file: is there already/],
  [[...both, '--report', 'none/page.html'], /none\/page\.html: .* its folder does not exist/],
  [[...both, '--move-to', 'file/sorted'], /file\/sorted: cannot be made, since .*\/file is a file/],
  [[...both, '--labels', 'none.csv'], /none\.csv: /],
  [['--support', 'single', ...photos, '--unknown', 'auto'], /unknown images cannot be told: there is one/],
  [['--load', 'single.safetensors', ...photos, '--unknown', 'auto'], /unknown images cannot be told/],
  [['--support', 'single', '--watch', 'photos', '--unknown', 'auto'], /unknown images cannot be told/],
  [['--support', 'none', ...photos], /none: does not exist/],
  [['--support', 'examples', '--query', 'photos', 'none'], /none: does not exist/],
  [['--support', 'examples', '--query', 'file'], /file: is neither a folder nor a picture/],
  [['--support', 'examples', '--watch', 'none'], /none: does not exist; expected a folder to watch/],
  [['--load', 'examples.safetensors', '--query', 'none'], /none: does not exist/],
  [['--load', 'examples.safetensors', '--watch', 'none'], /none: does not exist; expected a folder to watch/],
  [[...both, '--head', 'riddge'], /head riddge: .*; did you mean ridge\?; expected .*gda/],
  [[...both, '--features', 'Center-stage7'], /features Center-stage7: .*; did you mean Centre-stage7\?/],
  [[...both, '--views', 'corps'], /argument 'corps' is invalid\. .* \(Did you mean crops\?\)/],
  [[...both, '--precision', 'b16'], /argument 'b16' is invalid\. .* \(Did you mean bf16\?\)/],
  [[...both, '--weights', 'atuo'], /atuo: no weights of this name.*; did you mean auto\?/],
  [[...both, '--weights', 'efficientnet-lte0'], /efficientnet-lte0: .*; did you mean efficientnet-lite0\?/],
  [
    ['--support', 'features.safetensors', '--query', 'features.safetensors', '--head', 'ridge'],
    /are features, which are compared as they are; leave out the head ridge/,
  ],
])('is refused in one line before anything is read: %j', async (words, message) => {
  const before = await contentsOf(folder)
  const { exitCode, stdout, stderr } = await here(...words)
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr.split('\n')).toHaveLength(2)
  expect(await contentsOf(folder)).toEqual(before)
})

test('examples of two files that can tell unknown pictures together are taken', async () => {
  const words = ['--load', 'single.safetensors', '--support', 'examples', ...photos, '--unknown', 'auto']
  expect(await here(...words)).toMatchObject({ exitCode: 0 })
})
