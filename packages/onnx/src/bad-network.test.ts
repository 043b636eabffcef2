import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readOnnxCard, type OnnxCardInput } from './card.js'
import { onnxEmbedder } from './onnx-embedder.js'
import { tryNetwork } from './try-network.js'
import {
  integers,
  pictures,
  writeOnnx,
  type Operation,
  type SmallNetwork,
  type Weight,
} from './write-onnx.test.helper.js'

const card = { picture: { size: 8, mean: [0, 0, 0], deviation: [255, 255, 255] } } satisfies OnnxCardInput

const pooling: Operation = ['GlobalAveragePool', ['pixels'], ['pooled']]
const pooled: SmallNetwork = { outputs: [{ name: 'pooled' }], operations: [pooling] }

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-bad-onnx-'))
})

afterAll(() => rm(folder, { recursive: true }))

/** The line that says why a network is refused. */
async function refusal(
  network: SmallNetwork | Uint8Array,
  more: Pick<OnnxCardInput, 'input' | 'output'> = {},
): Promise<string> {
  const bytes = network instanceof Uint8Array ? network : writeOnnx(network)
  return lineOf(onnxEmbedder({ bytes, card: { ...card, ...more } }))
}

async function lineOf(opening: ReturnType<typeof onnxEmbedder>): Promise<string> {
  const error: unknown = await opening.then(
    (embedder) => embedder.dispose(),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InputError)
  const { message } = error as InputError
  expect(message).not.toMatch(/\n/)
  return message
}

describe('a file that is no network', () => {
  it.each([
    ['text', Buffer.from('pictures are worth a thousand words\n')],
    ['nothing', new Uint8Array()],
    ['zeros', new Uint8Array(1000)],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ])('is refused: %s', async (_, bytes) => {
    expect(await refusal(bytes)).toMatch(
      /^network: is no ONNX file(, since it holds no graph)?; expected a network/,
    )
  })

  it('is refused where it is cut off, wherever that is', async () => {
    const whole = writeOnnx(withWeights(1000))
    for (const share of [0.01, 0.3, 0.5, 0.9, 0.999]) {
      const line = await refusal(whole.subarray(0, Math.floor(whole.length * share)))
      expect(line).toMatch(/^network: is (cut off or damaged|no ONNX file)/)
    }
  })

  it('is refused where it is a folder or not there', async () => {
    expect(await lineOf(onnxEmbedder({ file: folder, card }))).toBe(
      `${folder}: is a folder; expected a regular file`,
    )
    const file = join(folder, 'none.onnx')
    expect(await lineOf(onnxEmbedder({ file, card }))).toBe(
      `${file}: expected an ONNX network, but there is no such file`,
    )
    expect(await lineOf(onnxEmbedder({ file }))).toMatch(
      `${join(folder, 'none.yaml')}: expected the card of an ONNX network`,
    )
  })
})

describe('a network that the runtime does not take', () => {
  it('is refused where its opset or format is newer, with what to do', async () => {
    expect(await refusal({ ...pooled, opset: 999 })).toMatch(
      /^network: ONNX Runtime refuses it: it needs opset 999, and this one knows (\d+) at most; export it with opset \1 or less, or install a newer onnxruntime-node$/,
    )
    expect(await refusal({ ...pooled, irVersion: 99 })).toMatch(
      /^network: ONNX Runtime refuses it: it needs IR version 99, and this one knows (\d+) at most; export it with IR version \1 or less, or install a newer onnxruntime-node$/,
    )
  })

  it('is refused where it has an operation that nobody knows', async () => {
    const operations: Operation[] = [['Guess', ['pixels'], ['pooled']]]
    expect(await refusal({ ...pooled, operations })).toMatch(/^network: ONNX Runtime refuses it: .*Guess/)
  })

  it('is refused where what goes into an operation comes from nowhere', async () => {
    const operations: Operation[] = [['GlobalAveragePool', ['nowhere'], ['pooled']]]
    expect(await refusal({ ...pooled, operations })).toMatch(/^network: ONNX Runtime refuses it: .*nowhere/)
  })
})

describe('inputs', () => {
  it('are refused where they are several or none', async () => {
    const operations: Operation[] = [['Add', ['pixels', 'mask'], ['pooled']]]
    expect(await refusal({ ...pooled, inputs: [pictures(8), pictures(8, 'mask')], operations })).toBe(
      'network: has 2 inputs (pixels, mask); expected one, of pictures',
    )
    expect(await refusal({ ...pooled, inputs: [] })).toBe(
      'network: has 0 inputs (none); expected one, of pictures',
    )
  })

  it.each<[string, readonly (number | string)[], string]>([
    ['of another size', ['n', 3, 16, 16], 'input pixels is [n, 3, 16, 16], but its card says [n, 3, 8, 8]'],
    ['grey', ['n', 1, 8, 8], 'input pixels is [n, 1, 8, 8], but its card says [n, 3, 8, 8]'],
    ['no pictures', ['n', 192], 'input pixels is [n, 192]; expected pictures, [n, 3, height, width]'],
  ])('are refused that are %s', async (_, shape, words) => {
    expect(await refusal({ ...pooled, inputs: [{ name: 'pixels', shape }] })).toContain(words)
  })

  it('are refused of a layout that the network does not have', async () => {
    expect(await refusal(pooled, { input: { layout: 'nhwc' } })).toContain(
      'input pixels is [n, 3, 8, 8], but its card says [n, 8, 8, 3]; correct picture.size or input.layout of the card',
    )
  })

  it('are refused of other types', async () => {
    const inputs = [{ name: 'pixels', shape: ['n', 3, 8, 8], type: 'uint8' }] as const
    const operations: Operation[] = [['Cast', ['pixels'], ['pooled'], { to: 1 }]]
    expect(await refusal({ ...pooled, inputs, operations })).toBe(
      'network: its input pixels is of type uint8; expected float32 or float16',
    )
  })

  it('are refused of another name', async () => {
    expect(await refusal(pooled, { input: { name: 'image' } })).toBe(
      'network: has no input image, which its card names (input.name); it has pixels',
    )
  })

  it('of any size are refused where the network runs on another', async () => {
    const network = {
      ...pooled,
      inputs: [pictures('side')],
      outputs: [{ name: 'rows' }],
      operations: [['Reshape', ['pixels', 'shape'], ['rows']] as const],
      weights: { shape: integers(-1, 3 * 10 * 10) },
    }
    expect(await refusal(network)).toMatch(
      /^network: does not run on 1 x 8 x 8 pixels, as picture\.size of its card says: /,
    )
  })
})

describe('outputs', () => {
  const two: SmallNetwork = {
    outputs: [{ name: 'pooled' }, { name: 'logits' }],
    operations: [pooling, ['Flatten', ['pooled'], ['logits']]],
  }

  it('are asked for where there are several', async () => {
    expect(await refusal(two)).toBe(
      'network: has 2 outputs (pooled, logits); say in its card which are the features (output.name)',
    )
    expect(await refusal(two, { output: { name: 'feature' } })).toBe(
      'network: has no output or inner tensor feature, which its card names (output.name); its outputs are pooled, logits, and m2l weights show lists the others',
    )
  })

  const shaped = (...shape: number[]): SmallNetwork => ({
    outputs: [{ name: 'out' }],
    operations: [['Reshape', ['pixels', 'shape'], ['out']]],
    weights: { shape: integers(...shape) },
  })
  it.each<[string, number[], OnnxCardInput['output'], string]>([
    [
      'a map without a layout',
      [0, 3, 8, 8],
      {},
      'is [1, 3, 8, 8]; say in its card whether output.layout is nchw or nhwc',
    ],
    [
      'tokens without a layout',
      [0, 3, 64],
      {},
      'is [1, 3, 64]; expected [n, features], or a layout in its card',
    ],
    [
      'pooled features that are said to be a map',
      [0, 192],
      { layout: 'nchw' },
      'is [1, 192]; expected [n, channels, height, width]',
    ],
    [
      'a map that is said to be tokens',
      [0, 3, 8, 8],
      { layout: 'tokens' },
      'is [1, 3, 8, 8]; expected [n, tokens, features]',
    ],
    [
      'more to skip than there is',
      [0, 3, 64],
      { layout: 'tokens', skip: 3 },
      '0 tokens after 3 that are skipped are no square',
    ],
    ['one row for all pictures', [1, -1], {}, 'is [1, 12288] for 64 pictures; expected [64, …]'],
    ['several rows a picture', [-1, 64], {}, 'is [3, 64] for 1 pictures; expected [1, …]'],
  ])('are refused: %s', async (_, shape, output, words) => {
    expect(await refusal(shaped(...shape), { output: output! })).toContain(words)
  })

  it('are refused of types that are no features', async () => {
    const network: SmallNetwork = {
      outputs: [{ name: 'best' }],
      operations: [
        ['Flatten', ['pixels'], ['flat']],
        ['ArgMax', ['flat'], ['best'], { axis: 1 }],
      ],
    }
    expect(await refusal(network)).toBe(
      'network: its output best is of type int64; expected float16, float32 or float64, so name another output',
    )
  })

  it('are refused that change from one picture to two', async () => {
    // the mean over a second axis that is as long as the batch
    const network: SmallNetwork = {
      outputs: [{ name: 'alike' }],
      operations: [
        ['Flatten', ['pixels'], ['rows']],
        ['Transpose', ['rows'], ['columns'], { perm: [1, 0] }],
        ['MatMul', ['rows', 'columns'], ['alike']],
      ],
    }
    expect(await refusal(network)).toBe(
      'network: its output alike is [1, 1, 1] of one picture, but [1, 1, 64] of each of several; expected the same',
    )
  })

  it('that change later are refused then', async () => {
    // as many columns as pixels are not black: none of a blank picture, which has one of a constant
    const network: SmallNetwork = {
      outputs: [{ name: 'brightest' }],
      operations: [
        ['Flatten', ['pixels'], ['rows']],
        ['ReduceMax', ['pixels'], ['most'], { keepdims: 0 }],
        ['Cast', ['most'], ['whole'], { to: 7 }],
        ['Add', ['whole', 'one'], ['columns']],
        ['Concat', ['all', 'columns'], ['shape'], { axis: 0 }],
        ['Slice', ['rows', 'zero', 'columns', 'axis'], ['brightest']],
      ],
      weights: { one: integers(1), zero: integers(0), axis: integers(1), all: integers(0) },
    }
    const embedder = await onnxEmbedder({ bytes: writeOnnx(network), card })
    const views = (level: number) => ({
      count: 2,
      height: 8,
      width: 8,
      data: new Float32Array(384).fill(level),
    })
    expect((await embedder.embed(views(0))).shape).toEqual([2, 1, 1, 1])
    await expect(embedder.embed(views(2))).rejects.toThrow(
      'network: its output brightest is [1, 1, 3] of a picture, where it was [1, 1, 1] before; expected the same of all pictures',
    )
    expect((await embedder.embed(views(0))).shape).toEqual([2, 1, 1, 1])
    embedder.dispose()
  })
})

describe('features that say nothing of a picture', () => {
  const lessMean: SmallNetwork = {
    outputs: [{ name: 'centred' }],
    operations: [
      pooling,
      ['ReduceMean', ['pooled'], ['mean'], { axes: [0], keepdims: 1 }],
      ['Sub', ['pooled', 'mean'], ['centred']],
    ],
  }
  const ofThird: SmallNetwork = {
    outputs: [{ name: 'moved' }],
    operations: [
      pooling,
      ['Slice', ['pooled', 'third', 'end', 'batch'], ['others']],
      ['ReduceSum', ['others', 'batch'], ['sum'], { keepdims: 1 }],
      ['Add', ['pooled', 'sum'], ['moved']],
    ],
    weights: { third: integers(2), end: integers(2 ** 31), batch: integers(0) },
  }
  const ones = { shape: [3], data: Float32Array.of(1, 1, 1) }
  const training: SmallNetwork = {
    outputs: [{ name: 'pooled' }],
    operations: [
      [
        'BatchNormalization',
        ['pixels', 'ones', 'ones', 'ones', 'ones'],
        ['normalised', 'means', 'variances'],
        { training_mode: 1 },
      ],
      ['Relu', ['normalised'], ['rectified']],
      ['GlobalAveragePool', ['rectified'], ['pooled']],
    ],
    weights: { ones },
  }

  it.each([
    ['less the mean of the batch', lessMean],
    ['less the mean of a batch of four', { ...lessMean, inputs: [{ name: 'pixels', shape: [4, 3, 8, 8] }] }],
    ['normalised over the batch', training],
    ['from the third on', ofThird],
  ])('are refused that depend on other pictures: %s', async (_, network) => {
    expect(await refusal(network)).toMatch(
      /^network: its output \w+ of a picture depends on what other pictures it is given with, .*; export the network for inference/,
    )
  })

  it.each([
    ['large', 1e30, '\\d\\.\\de\\+(29|30)'],
    ['small', 1e-30, '\\d\\.\\de-3\\d'],
  ])('are refused that are too %s to be compared', async (_, factor, shown) => {
    const factors = { shape: [1], data: Float32Array.of(factor) }
    const scaled: SmallNetwork = {
      outputs: [{ name: 'scaled' }],
      operations: [pooling, ['Mul', ['pooled', 'factors'], ['scaled']]],
      weights: { factors },
    }
    expect(await refusal(scaled)).toMatch(
      new RegExp(`^network: the largest number of its output scaled is ${shown}, .* scale this one$`),
    )
  })

  it.each([
    ['any number', 'n'],
    ['one picture', 1],
    ['three pictures', 3],
  ])('are told that are the same of all, of a network for %s', async (_, count) => {
    const inputs = [{ name: 'pixels', shape: [count, 3, 8, 8] }]
    const zero: Operation[] = [
      pooling,
      ['Mul', ['pooled', 'zeros'], ['nothing']],
      ['Add', ['nothing', 'ones'], ['same']],
    ]
    const weights = {
      zeros: { shape: [1, 3, 1, 1], data: new Float32Array(3) },
      ones: { ...ones, shape: [1, 3, 1, 1] },
    }
    const constant: SmallNetwork = { inputs, outputs: [{ name: 'same' }], operations: zero, weights }
    const [told, plain] = [
      await onnxEmbedder({ bytes: writeOnnx(constant), card }),
      await onnxEmbedder({ bytes: writeOnnx({ ...pooled, inputs }), card }),
    ]
    expect(told.notes).toEqual([
      expect.stringMatching(
        /^its output same is the same for two pictures .* every answer is a guess; check/,
      ),
    ])
    expect(plain.notes).toEqual([])
    for (const embedder of [told, plain]) embedder.dispose()
  })
})

describe('a hostile network', () => {
  const huge = 2 ** 40

  it('is refused by its weights before any room is made for them', async () => {
    const weights = { bias: { shape: [huge], data: new Float32Array(4) } }
    expect(await refusal({ ...pooled, weights })).toBe(
      `network: tensor bias says [${huge}], ${4 * huge} bytes, but has 16; the file is damaged`,
    )
    const many = { bias: { shape: [huge, huge, huge], data: new Float32Array(4) } }
    expect(await refusal({ ...pooled, weights: many })).toMatch(
      /^network: tensor bias says .*; the file is damaged$/,
    )
    const negative = { bias: { shape: [-4], data: new Float32Array(4) } }
    expect(await refusal({ ...pooled, weights: negative })).toMatch(/tensor bias says \[-4\]/)
  })

  it('ends a process of its own where it makes more than fits', async () => {
    const network: SmallNetwork = {
      outputs: [{ name: 'out' }],
      operations: [
        ['ConstantOfShape', ['shape'], ['zeros']],
        ['ReduceSum', ['zeros'], ['sum'], { keepdims: 0 }],
        ['GlobalAveragePool', ['pixels'], ['pooled']],
        ['Add', ['pooled', 'sum'], ['out']],
      ],
      weights: { shape: integers(2 ** 20, 2 ** 20) },
    }
    expect(await refusal(network)).toMatch(/^network: /)
    // less than the machine has, so that it is really taken
    const taken = { ...network, weights: { shape: integers(2 ** 20, 1100) } }
    expect(await refusal(taken)).toMatch(
      /^network: (takes more than \d+ MiB for a batch of pictures; expected a network of features|ONNX Runtime refuses it|does not run on)/,
    )
  })

  it('ends a process of its own where it never ends', async () => {
    const carried = { name: 'carried', shape: ['n', 3, 8, 8] }
    const again = { name: 'again', shape: [], type: 'bool' } as const
    const body: SmallNetwork = {
      inputs: [{ name: 'turn', shape: [], type: 'int64' }, again, carried],
      outputs: [
        { ...again, name: 'still' },
        { ...carried, name: 'next' },
      ],
      operations: [
        ['Identity', ['again'], ['still']],
        ['Identity', ['carried'], ['next']],
      ],
    }
    const bytes = writeOnnx({
      outputs: [{ name: 'out' }],
      operations: [
        ['Loop', ['turns', '', 'pixels'], ['looped'], { body: { graph: body } }],
        ['GlobalAveragePool', ['looped'], ['out']],
      ],
      weights: { turns: { shape: [], data: BigInt64Array.of(2n ** 62n) } },
    })
    const source = {
      name: 'endless.onnx',
      bytes,
      card: await readOnnxCard(card),
      input: 'pixels',
      output: 'out',
    }
    await expect(tryNetwork(source, bytes.length, 5000)).rejects.toThrow(
      'endless.onnx: has not answered for a batch of pictures of 8 x 8 pixels within 5 seconds, as where it loops; check where it is from, or export it again without loops',
    )
  })

  it('is refused by what comes out', async () => {
    const network: SmallNetwork = {
      outputs: [{ name: 'out' }],
      operations: [
        ['GlobalAveragePool', ['pixels'], ['pooled']],
        ['Flatten', ['pooled'], ['flat']],
        ['Tile', ['flat', 'times'], ['out']],
      ],
      weights: { times: integers(1, 2 ** 23) },
    }
    expect(await refusal(network)).toMatch(
      /numbers of one picture; expected 1 to 16777216, so name another output$/,
    )
  })
})

describe('weights in other files', () => {
  const external = (location: string, more: Partial<NonNullable<Weight['external']>> = {}) =>
    writeOnnx(withWeights(16, { location, ...more }))

  it('are read from beside the network', async () => {
    const data = Float32Array.from({ length: 48 }, (_, index) => index / 48)
    await writeFile(join(folder, 'weights.bin'), Buffer.from(data.buffer))
    const [file, inside] = [join(folder, 'external.onnx'), join(folder, 'inside.onnx')]
    await writeFile(file, external('weights.bin'))
    await writeFile(inside, writeOnnx(withWeights(16, undefined, data)))
    const views = { count: 1, height: 8, width: 8, data: new Float32Array(192).fill(0.5) }
    const outcomes = []
    for (const one of [file, inside]) {
      const embedder = await onnxEmbedder({ file: one, card })
      outcomes.push({ ...(await embedder.embed(views)), fingerprint: embedder.fingerprint })
      embedder.dispose()
    }
    expect(outcomes[0]!.data).toEqual(outcomes[1]!.data)
    await writeFile(join(folder, 'weights.bin'), Buffer.from(data.map((value) => 2 * value).buffer))
    const changed = await onnxEmbedder({ file, card })
    expect(changed.fingerprint).not.toBe(outcomes[0]!.fingerprint)
    changed.dispose()
  })

  it('are refused that are missing, too short or no file', async () => {
    const file = join(folder, 'lacking.onnx')
    const line = async (bytes: Uint8Array) => {
      await writeFile(file, bytes)
      return lineOf(onnxEmbedder({ file, card }))
    }
    expect(await line(external('missing.bin'))).toBe(
      `${file}: its weights lie in missing.bin beside it, which is not there; copy that file, too`,
    )
    await writeFile(join(folder, 'short.bin'), new Uint8Array(100))
    expect(await line(external('short.bin'))).toBe(
      `${file}: its weights in short.bin end at byte 192, but that file has 100; copy it again`,
    )
    expect(await line(external('short.bin', { offset: 2 ** 50 }))).toMatch(/end at byte 1125899906842816/)
    await mkdir(join(folder, 'weights'), { recursive: true })
    expect(await line(external('weights'))).toBe(
      `${file}: its weights in weights are a folder; expected a regular file`,
    )
    expect(await line(external('short.bin', { length: 7 }))).toMatch(/bytes, but has 7; the file is damaged/)
  })

  it('are refused that lie outside its folder', async () => {
    const inner = join(folder, 'inner')
    await mkdir(inner, { recursive: true })
    const secret = join(folder, 'secret.bin')
    await writeFile(secret, new Uint8Array(192))
    await symlink(secret, join(inner, 'link.bin'))
    const file = join(inner, 'reaching.onnx')
    for (const location of ['../secret.bin', secret, 'link.bin', '', 'C:\\secret.bin', '../none.bin']) {
      await writeFile(file, external(location))
      expect(await lineOf(onnxEmbedder({ file, card }))).toMatch(/ outside its folder; put them beside it/)
    }
  })

  it('are refused of a network that is given as bytes', async () => {
    expect(await refusal(external('weights.bin'))).toBe(
      'network: its weights lie in other files (weights.bin), which bytes do not lead to; name the file',
    )
  })
})

/** Means of colours, and so many features of them. */
function withWeights(
  features: number,
  external?: Weight['external'],
  data: Float32Array = new Float32Array(3 * features),
): SmallNetwork {
  return {
    outputs: [{ name: 'features' }],
    operations: [pooling, ['Flatten', ['pooled'], ['flat']], ['Gemm', ['flat', 'weights'], ['features']]],
    weights: { weights: { shape: [3, features], data, ...(external && { external }) } },
  }
}
