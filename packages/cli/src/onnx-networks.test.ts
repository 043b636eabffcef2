import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { m2l, m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

/**
 * The mean colours of a picture of 32 pixels, [n, 3, 1, 1]: IR version 8, opset 17, one GlobalAveragePool.
 */
const network = Buffer.from(
  'CAg6XgoZCgF4EgF5IhFHbG9iYWxBdmVyYWdlUG9vbBIFc21hbGxaHAoBeBIXChUIARIRCgMSAW4KAggDCgIIIAoCCCBiHAoBeRIXChUIARIRCgMSAW4KAggDCgIIAQoCCAFCAhAR',
  'base64',
)
const card = 'picture: { size: 32, mean: [0, 0, 0], deviation: [255, 255, 255] }\n'
const by = ['--support', 'support', '--query', 'query']

let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'cat', 'owl'].entries()) {
    for (const [part, numbers] of [
      ['support', [0, 1, 2]],
      ['query', [5, 6]],
    ] as const) {
      await mkdir(join(folder, part, name), { recursive: true })
      for (const number of numbers) {
        await writeFile(join(folder, part, name, `${number}.png`), await pattern(kind, number))
      }
    }
  }
  await writeFile(join(folder, 'colours.onnx'), network)
  await writeFile(join(folder, 'colours.yaml'), card)
})

const here = (...words: string[]) => m2lHere(folder, ...words)

async function refusal(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await here('classify', ...by, ...words)
  expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }, stderr).toEqual({
    exitCode: 2,
    stdout: '',
    lines: 1,
  })
  return stderr.trimEnd()
}

describe('m2l classify --weights my.onnx', () => {
  test('classifies with the card beside the network', async () => {
    const words = ['classify', ...by, '--weights', 'colours.onnx', '--json', '--report', 'page.html']
    const { exitCode, stdout, stderr } = await m2l(folder, ...words)
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      weights: join(folder, 'colours.onnx'),
      accuracy: 1,
    })
    expect(await readFile(join(folder, 'page.html'), 'utf8')).toMatch(/colours\.onnx/)
  })

  test('takes another card, and keeps classes that know their network', async () => {
    await writeFile(join(folder, 'other.yaml'), card.replace('[0, 0, 0]', '[127, 127, 127]'))
    const other = [
      '--weights',
      'colours.onnx',
      '--card',
      'other.yaml',
      '--json',
      '--save',
      'kept.safetensors',
    ]
    expect(JSON.parse((await here('classify', ...by, ...other)).stdout)).toMatchObject({ accuracy: 1 })
    const loaded = ['classify', '--load', 'kept.safetensors', '--query', 'query', '--json']
    expect(JSON.parse((await here(...loaded)).stdout)).toMatchObject({ accuracy: 1 })
    const { exitCode, stderr } = await here(...loaded, '--card', 'colours.yaml')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/kept\.safetensors: holds classes as other weights see them/)
  })

  test('embeds, too', async () => {
    const words = ['embed', 'query', '--weights', 'colours.onnx', '-o', 'colours.safetensors', '--json']
    expect(JSON.parse((await here(...words)).stdout)).toMatchObject({ pictures: 6, shape: [3] })
  })

  test('refuses in one line what cannot be used', async () => {
    await writeFile(join(folder, 'text.onnx'), 'not a network')
    await writeFile(join(folder, 'cut.onnx'), network.subarray(0, 60))
    await writeFile(join(folder, 'large.yaml'), card.replace('32', '64'))
    const weights = (name: string) => ['--weights', name, '--card', 'colours.yaml']
    expect(await refusal(...weights('text.onnx'))).toMatch(/^m2l: text\.onnx: is no ONNX file/)
    expect(await refusal(...weights('cut.onnx'))).toMatch(/^m2l: cut\.onnx: is (cut off|no ONNX)/)
    expect(await refusal(...weights('none.onnx'))).toMatch(/^m2l: none\.onnx: there are no such weights/)
    expect(await refusal('--weights', 'colours.onnx', '--card', 'large.yaml')).toMatch(
      /^m2l: colours\.onnx: its input x is \[n, 3, 32, 32\], but its card says \[n, 3, 64, 64\]/,
    )
    expect(await refusal('--weights', 'colours.onnx', '--card', 'none.yaml')).toMatch(
      /^m2l: none\.yaml: expected the card of an ONNX network/,
    )
    expect(await refusal('--card', 'colours.yaml')).toBe(
      'm2l: colours.yaml: is of an ONNX network, which is not named; name it, too (--weights NETWORK.onnx), or leave out the card',
    )
    const embedded = await here('embed', 'query', '-o', 'none.safetensors', '--card', 'colours.yaml')
    expect(embedded).toMatchObject({ exitCode: 2, stdout: '' })
    expect(embedded.stderr).toMatch(/^m2l: colours\.yaml: is of an ONNX network, which is not named; .*\n$/)
    expect(await refusal(...weights('emoji-conv64f'))).toBe(
      'm2l: emoji-conv64f: has a card, but is no ONNX network (.onnx); leave out the card',
    )
  })
})

describe('m2l weights show my.onnx', () => {
  test('lists what a card may name', async () => {
    const { stdout } = await here('weights', 'show', 'colours.onnx')
    expect(stdout).toMatch(/│ x +│ \[n, 3, 32, 32\] +│ input +│/)
    expect(stdout).toMatch(/│ y +│ \[n, 3, 1, 1\] +│ output +│/)
    expect(JSON.parse((await here('weights', 'show', 'colours.onnx', '--json')).stdout)).toEqual({
      file: 'colours.onnx',
      format: 'onnx',
      inputs: [{ name: 'x', shape: ['n', 3, 32, 32] }],
      outputs: [{ name: 'y', shape: ['n', 3, 1, 1] }],
      tensors: [{ name: 'y', shape: ['n', 3, 1, 1], operation: 'GlobalAveragePool' }],
      opset: 17,
      parameters: 0,
      external: [],
    })
  })
})

describe('m2l evaluate and train', () => {
  const recipe = `n_way: 3
model: { weights: colours.onnx, query: MatchingNet }
test: { episode: 5, query_per_class_per_episode: 1 }
data: { root: ., image_dir: pictures, dataset: kinds, pack: 'off' }
run: { folder: runs }
`

  test('evaluate the network of a recipe, and refuse to train it', async () => {
    await writeFile(join(folder, 'recipe.yaml'), recipe)
    for (const part of ['train', 'val', 'test']) {
      for (const [kind, name] of ['fox', 'cat', 'owl'].entries()) {
        await mkdir(join(folder, 'pictures', part, `${part} ${name}`), { recursive: true })
        for (const number of [0, 1, 2]) {
          const file = join(folder, 'pictures', part, `${part} ${name}`, `${number}.png`)
          await writeFile(file, await pattern(kind, number))
        }
      }
    }
    const evaluated = await here('evaluate', '--cfg', 'recipe.yaml', '--json')
    expect(evaluated.exitCode, evaluated.stderr).toBe(0)
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ accuracy: { fused: 1, global: 1 } })
    const trained = await here('train', '--cfg', 'recipe.yaml')
    expect(trained).toMatchObject({ exitCode: 2, stdout: '' })
    expect(trained.stderr).toMatch(/^m2l: .*recipe\.yaml: model\.weights is colours\.onnx, an ONNX network/)
  })
})
