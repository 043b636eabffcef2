import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cardBeside, readOnnxCard, type OnnxCardInput } from './card.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-onnx-card-'))
})

afterAll(() => rm(folder, { recursive: true }))

const picture = {
  size: 224,
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
} satisfies OnnxCardInput['picture']

describe('cards', () => {
  it('of the README can be read', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const cards = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!)
    expect(cards).toHaveLength(2)
    const read = []
    for (const [index, text] of cards.entries()) {
      const file = join(folder, `${index}.yaml`)
      await writeFile(file, text)
      read.push(await readOnnxCard(file))
    }
    expect(read).toMatchObject([
      { picture: { size: 224, resize: 256, filter: 'bicubic' }, output: { layout: 'tokens', skip: 1 } },
      { picture: { size: 224, resize: 224 }, output: { name: 'image_embeds', skip: 0 } },
    ])
  })

  it('lie beside their networks', () => {
    expect(cardBeside(join('nets', 'my.net.onnx'))).toBe(join('nets', 'my.net.yaml'))
  })

  const shares = 'multiply a share of 1 by 255'
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'card: expected object, received undefined'],
    ['no size', { picture: { ...picture, size: undefined } }, 'card: picture.size: '],
    ['half a pixel', { picture: { ...picture, size: 2.5 } }, 'card: picture.size: '],
    [
      'a crop larger than the picture',
      { picture: { ...picture, resize: 200 } },
      'card: picture.resize: expected the size or more',
    ],
    ['means of shares', { picture: { ...picture, mean: [0.485, 0.456, 0.406] } }, shares],
    ['deviations of shares', { picture: { ...picture, deviation: [0.229, 0.224, 0.225] } }, shares],
    ['no deviation', { picture: { ...picture, deviation: [0, 0, 0] } }, 'card: picture.deviation.0: '],
    ['two channels', { picture: { ...picture, mean: [1, 2] } }, 'card: picture.mean: '],
    ['not a number', { picture: { ...picture, mean: [NaN, 0, 0] } }, 'card: picture.mean.0: '],
    ['an unknown key', { picture, outputs: {} }, 'card: Unrecognized key: "outputs"'],
    ['an unknown layout', { picture, output: { layout: 'chw' } }, 'card: output.layout: '],
    [
      'a skip of maps',
      { picture, output: { layout: 'nchw', skip: 1 } },
      'card: output.skip: expected layout: tokens',
    ],
    ['a grid of maps', { picture, output: { grid: [1, 2] } }, 'card: output.grid: expected layout: tokens'],
  ])('with %s are refused', async (_, card, message) => {
    const reading = readOnnxCard(card as OnnxCardInput)
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toHaveProperty('name', 'InputError')
  })

  it('that are files are told by their name', async () => {
    const file = join(folder, 'wrong.yaml')
    await expect(readOnnxCard(join(folder, 'none.yaml'))).rejects.toThrow(
      `${join(folder, 'none.yaml')}: expected the card of an ONNX network, a YAML file that says how pictures become its input, but there is no such file`,
    )
    await writeFile(file, 'picture: [')
    await expect(readOnnxCard(file)).rejects.toThrow(`${file}: line 1: expected YAML, but`)
    await writeFile(file, Buffer.from([0xff, 0x00, 0xfe]))
    await expect(readOnnxCard(file)).rejects.toHaveProperty('name', 'InputError')
    await writeFile(file, 'picture: { size: large }')
    await expect(readOnnxCard(file)).rejects.toThrow(
      `${file}: picture.size: expected number, received string`,
    )
    await expect(readOnnxCard(folder)).rejects.toThrow(`${folder}: is a folder; expected a regular file`)
  })
})
