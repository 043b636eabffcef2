import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { writePickle, type WritablePickle } from '@m2l/pickle'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadEngine, tf } from '@m2l/engine'
import { encodeSafetensors } from '../index.js'
import { loadState, loadWeights, saveSafetensors, saveState, unwrapWeights } from './index.js'
import {
  dict,
  legacyCheckpoint,
  tensor,
  zipCheckpoint,
  zipOf,
} from './pytorch/checkpoint-files.test.helper.js'

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-elsewhere-'))
})
afterAll(() => rm(folder, { recursive: true }))

const one = { shape: [1], data: Float32Array.of(1) }

async function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )
}

async function unwrapped(
  name: string,
  part = '',
): Promise<[under: string | null, names: string[], left: string[]]> {
  const file = join(folder, name)
  const { under, tensors, leftOut } = unwrapWeights(await loadWeights(file + part), file + part)
  return [under, Object.keys(tensors), Object.keys(leftOut)]
}

describe('wrappers are taken off, in every container', () => {
  const containers = {
    'zip.pth': async (file: string, names: readonly string[]) =>
      writeFile(file, await zipCheckpoint(dict(Object.fromEntries(names.map((name) => [name, tensor()]))))),
    'legacy.pth': async (file: string, names: readonly string[]) =>
      writeFile(file, legacyCheckpoint(dict(Object.fromEntries(names.map((name) => [name, tensor()]))))),
    'x.safetensors': (file: string, names: readonly string[]) =>
      saveSafetensors(file, Object.fromEntries(names.map((name) => [name, one]))),
  }

  test.each([
    ['torch.compile', ['_orig_mod.layer1.weight', '_orig_mod.layer1.bias'], []],
    ['torch.compile of a part', ['layer1._orig_mod.weight', 'layer1._orig_mod.bias'], []],
    ['DataParallel, twice', ['module.module.layer1.weight', 'module.module.layer1.bias'], []],
    [
      'Lightning',
      ['model.layer1.weight', 'model.layer1.bias', 'loss_fn.weight', 'val_acc.total'],
      ['loss_fn.weight', 'val_acc.total'],
    ],
    ['a net', ['net.layer1.weight', 'net.layer1.bias'], []],
    ['SWA', ['n_averaged', 'module.layer1.weight', 'module.layer1.bias'], ['n_averaged']],
    [
      'all of them',
      ['module._orig_mod.model.net.module.layer1.weight', 'module._orig_mod.model.net.module.layer1.bias'],
      [],
    ],
    [
      'an average alone',
      ['ema_model.module.layer1.weight', 'ema_model.module.layer1.bias', 'ema_model.n_averaged'],
      ['n_averaged'],
    ],
  ])('%s', async (_, names, left) => {
    for (const [name, write] of Object.entries(containers)) {
      await write(join(folder, name), names)
      const [, found, leftOut] = await unwrapped(name)
      expect([found.toSorted(), leftOut.toSorted()]).toEqual([['layer1.bias', 'layer1.weight'], left])
    }
  })

  test('names of a model are left as they are, whatever they are', () => {
    const part = fc.constantFrom('encoder', 'layer1', 'query', 'head', 'weight', 'a')
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
          { minLength: 1 },
        ),
        async (names) => {
          const weights = await tensorsNamed(names)
          expect(unwrapWeights(weights, 'x')).toEqual(weights)
        },
      ),
    )
  })

  test('any nesting of wrappers before names that are none of theirs is taken off', async () => {
    const wrapper = fc.constantFrom('module', '_orig_mod', 'model', 'net', 'network')
    await fc.assert(
      fc.asyncProperty(fc.array(wrapper, { maxLength: 5 }), async (nested) => {
        const names = ['encoder.a', 'encoder.b.c']
        const weights = await tensorsNamed(names.map((name) => [...nested, name].join('.')))
        expect(Object.keys(unwrapWeights(weights, 'x').tensors)).toEqual(names)
      }),
    )
  })

  async function tensorsNamed(names: readonly string[]) {
    const tensors = Object.fromEntries(names.map((name) => [name, one]))
    return { format: 'safetensors' as const, tensors, metadata: {}, under: null, leftOut: {}, sha256: '' }
  }

  test('a parameter twice, wrapped and bare, is refused', async () => {
    await saveSafetensors(join(folder, 'twice.safetensors'), { a: one, '_orig_mod.a': one })
    expect(await messageOf(unwrapped('twice.safetensors'))).toMatch(
      /twice\.safetensors: holds a twice, the second time as _orig_mod\.a/,
    )
  })

  test('a state dict that is called so is itself', async () => {
    const file = join(folder, 'own.safetensors')
    const variable = tf.variable(tf.tensor1d([1, 2]))
    const state = { 'model.weight': { value: variable, layout: 'plain' as const, trainable: true } }
    await saveState(file, state)
    variable.assign(tf.tensor1d([3, 4]))
    await loadState(file, state)
    expect(Array.from(variable.dataSync())).toEqual([1, 2])
    variable.dispose()
  })
})

describe('a model beside its average', () => {
  test.each<[string, Record<string, WritablePickle>, string, string]>([
    [
      'timm',
      {
        state_dict: dict({ a: tensor() }),
        state_dict_ema: dict({ b: tensor() }),
        optimizer: dict({ c: tensor() }),
      },
      'state_dict',
      'state_dict_ema',
    ],
    ['two entries', { model: dict({ a: tensor() }), ema: dict({ b: tensor() }), epoch: 3 }, 'model', 'ema'],
    [
      'nested',
      {
        model: dict({ state_dict: dict({ a: tensor() }) }),
        ema: dict({ state_dict: dict({ b: tensor() }) }),
      },
      'model.state_dict',
      'ema.state_dict',
    ],
    [
      'unusual names of one architecture',
      { model_state_dict: dict({ a: tensor() }), best_weights: dict({ b: tensor() }) },
      'model_state_dict',
      'best_weights',
    ],
    [
      'ema_pytorch',
      { 'online_model.a': tensor(), 'ema_model.b': tensor(), initted: tensor(), step: tensor() },
      'online_model',
      'ema_model',
    ],
    ['one dict', { 'model.a': tensor(), 'ema_model.b': tensor() }, 'model', 'ema_model'],
    [
      'Lightning',
      { state_dict: dict({ 'net.a': tensor(), 'ema.b': tensor() }), callbacks: dict({ x: tensor() }) },
      'net',
      'ema',
    ],
  ])('is refused until one is named: %s', async (_, items, model, average) => {
    await writeFile(join(folder, 'both.pth'), await zipCheckpoint(dict(items)))
    const message = await messageOf(unwrapped('both.pth'))
    expect(message).toMatch(/^InputError: .*holds several (sets of weights|state dicts), /)
    expect(message).toContain(`#${model}`)
    expect((await unwrapped('both.pth', `#${model}`))[1]).toEqual(['a'])
    expect((await unwrapped('both.pth', `#${average}`))[1]).toEqual(['b'])
    expect(await messageOf(unwrapped('both.pth', '#teacher'))).toMatch(/holds/)
  })

  test('a name that does not exist is told', async () => {
    await saveSafetensors(join(folder, 'plain.safetensors'), { a: one })
    expect(await messageOf(unwrapped('plain.safetensors', '#ema'))).toContain(
      'holds no weights under ema; there are a',
    )
  })
})

describe('weights in several files', () => {
  const index = (map: Record<string, string>) =>
    JSON.stringify({ metadata: { total_size: 8 }, weight_map: map })

  test.each(['safetensors', 'bin'])('are read together from their index, .%s', async (ending) => {
    const [first, second] = [1, 2].map((part) => `model-0000${part}-of-00002.${ending}`)
    for (const [name, tensors] of [
      [first!, { a: one }],
      [second!, { b: one, c: one }],
    ] as const) {
      const names = Object.keys(tensors)
      const content =
        ending === 'bin'
          ? await zipCheckpoint(dict(Object.fromEntries(names.map((key) => [key, tensor()]))))
          : encodeSafetensors({ tensors, metadata: {} })
      await writeFile(join(folder, name), content)
    }
    const file = join(folder, `model.${ending}.index.json`)
    await writeFile(file, index({ a: first!, b: second!, c: second! }))
    expect(Object.keys((await loadWeights(file)).tensors)).toEqual(['a', 'b', 'c'])
    await writeFile(file, index({ a: first!, x: second! }))
    expect(await messageOf(loadWeights(file))).toContain(`says that ${second} holds x, which it does not`)
    await rm(join(folder, second!))
    expect(await messageOf(loadWeights(file))).toMatch(/index\.json names .*00002-of-00002.*: cannot be read/)
  })

  test('an index of itself is not read for ever', async () => {
    const file = join(folder, 'self.index.json')
    await writeFile(file, index({ a: 'self.index.json' }))
    expect(await messageOf(loadWeights(file))).toMatch(/self\.index\.json names .*: a JSON file/)
  })

  test.each(['../elsewhere.safetensors', '/etc/passwd', 'sub\\x', '..'])(
    'are not looked for at %s',
    async (name) => {
      const file = join(folder, 'bad.index.json')
      await writeFile(file, index({ a: name }))
      expect(await messageOf(loadWeights(file))).toContain('expected 1 to 1000 names of files beside it')
    },
  )
})

describe('what is no file of weights is called by its name', () => {
  const cases: [name: string, content: Buffer | string | (() => Promise<Buffer>), message: RegExp][] = [
    [
      'pointer.pth',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n',
      /a Git LFS pointer.*git lfs pull/,
    ],
    ['page.pth', '<!DOCTYPE html><html><body>Sign in</body></html>', /a web page.*download/],
    ['empty.pth', '', /an empty file \(0 bytes\)/],
    ['m.h5', Buffer.from('\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0', 'latin1'), /an HDF5 file, as Keras writes/],
    ['m.gguf', Buffer.from('GGUF\x03\0\0\0\0\0\0\0\0\0\0\0', 'latin1'), /a GGUF file/],
    ['m.onnx', Buffer.from([8, 7, 18, 7, 112, 121, 116, 111, 114, 99, 104, 26, 5]), /an ONNX model/],
    ['a.npy', Buffer.from("\x93NUMPY\x01\0v\0{'descr'", 'latin1'), /a numpy array/],
    ['w.npz', () => zipOf([['w.npy', Buffer.from('x')]]), /an archive of numpy arrays \(\.npz\)/],
    [
      'm.keras',
      () =>
        zipOf([
          ['config.json', Buffer.from('{}')],
          ['model.weights.h5', Buffer.from('x')],
        ]),
      /a Keras model/,
    ],
    [
      'script.pt',
      () =>
        zipOf([
          ['m/code/__torch__.py', Buffer.from('x')],
          ['m/constants.pkl', Buffer.from('x')],
          ['m/data.pkl', writePickle(1)],
        ]),
      /a TorchScript program.*torch\.jit\.load/,
    ],
    [
      'other.zip',
      () => zipOf([['readme.txt', Buffer.from('x')]]),
      /a zip archive that torch\.save did not write/,
    ],
    ['w.pth.gz', gzipSync('weights'), /compressed with gzip.*unpack/],
    [
      'w.tar',
      Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\x0000'), Buffer.alloc(248)]),
      /a tar archive/,
    ],
    ['list.index.json', '{"a": 1}', /a JSON file/],
    ['notes.txt', 'epoch 1: fine\n', /a text file \(“epoch 1: fine…”\)/],
    ['w.pkl', writePickle(new Map([['a', 1]])), /a pickle, but not one of torch\.save/],
    [
      'noise.bin',
      Buffer.from([255, 254, 253, 252, 251, 250, 249, 248, 247, 246]),
      /its beginning is of no known format, not a safetensors file or PyTorch checkpoint/,
    ],
  ]

  test.each(cases)('%s', async (name, content, message) => {
    const file = join(folder, name)
    await writeFile(file, typeof content === 'function' ? await content() : content)
    const said = await messageOf(loadWeights(file))
    expect(said).toMatch(/^InputError: [^\n]+$/)
    expect(said).toMatch(message)
    expect(said).toContain(file)
  })

  test('a folder tells which files in it could be meant', async () => {
    await mkdir(join(folder, 'hub'))
    await writeFile(join(folder, 'hub/model.safetensors'), '')
    expect(await messageOf(loadWeights(join(folder, 'hub')))).toMatch(
      /hub: is a folder; name a file of weights: it holds .*hub\/model\.safetensors/,
    )
  })
})

describe('numbers that are not finite', () => {
  const state = () => {
    const value = tf.variable(tf.tensor1d([1, 2]))
    return { value, state: { a: { value, layout: 'plain' as const, trainable: true } } }
  }

  test.each([
    ['F32', Buffer.from(Float32Array.of(0, Number.NaN).buffer), '1 of its 2 values, the first at 1 (NaN)'],
    [
      'F32',
      Buffer.from(Float32Array.of(-Infinity, Infinity).buffer),
      '2 of its 2 values, the first at 0 (-Infinity)',
    ],
    ['F16', Buffer.from(Uint16Array.of(0x7c00, 0).buffer), 'the first at 0 (Infinity)'],
    ['BF16', Buffer.from(Uint16Array.of(0, 0x7fc0).buffer), 'the first at 1 (NaN)'],
    [
      'F64',
      Buffer.from(Float64Array.of(1, 1e300).buffer),
      'the first at 1 (Infinity, beyond single precision where the file has a finite number)',
    ],
  ])('are refused in a tensor of %s', async (dtype, bytes, said) => {
    const header = Buffer.from(JSON.stringify({ a: { dtype, shape: [2], data_offsets: [0, bytes.length] } }))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    const file = join(folder, 'nan.safetensors')
    await writeFile(file, Buffer.concat([length, header, bytes]))
    const { value, state: into } = state()
    expect(await messageOf(loadState(file, into))).toBe(
      `InputError: ${file}: tensor a is not finite: ${said.startsWith('the first') ? `1 of its 2 values, ${said}` : said}; it cannot be used, so take weights that were saved before that, or save them again`,
    )
    expect(Array.from(value.dataSync())).toEqual([1, 2])
    value.dispose()
  })

  test('are not saved, and the file that was there stays', async () => {
    const file = join(folder, 'saved.safetensors')
    const { value, state: from } = state()
    await saveState(file, from)
    const before = await readFile(file)
    value.assign(tf.tensor1d([1, Number.NaN]))
    expect(await messageOf(saveState(file, from))).toContain(
      'saved.safetensors was not written: tensor a is not finite',
    )
    expect(await readFile(file)).toEqual(before)
    value.dispose()
  })

  test('whole numbers beyond a parameter are refused', async () => {
    const file = join(folder, 'whole.safetensors')
    await saveSafetensors(file, { a: { shape: [2], data: BigInt64Array.of(1n, 2n ** 40n + 1n) } })
    const { value, state: into } = state()
    expect(await messageOf(loadState(file, into))).toContain(
      'tensor a holds 1099511627777, which float32 cannot hold',
    )
    value.dispose()
  })
})
