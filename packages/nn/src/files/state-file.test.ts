import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import { writePickle } from '@m2l/pickle'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  assignState,
  BatchNorm,
  Convolution,
  disposeState,
  kept,
  Linear,
  mergeStates,
  prefixed,
  type StateDict,
} from '../index.js'
import { loadSafetensors, loadState, loadWeights, saveSafetensors, saveState } from './index.js'

const key = randomKey(9)
let folder: string
let file: string
let state: StateDict
let other: StateDict

function network(purpose: string, outputs = 5): StateDict {
  const own = key.fold(purpose)
  return mergeStates(
    prefixed(
      'conv',
      new Convolution({ key: own, inputChannels: 3, outputChannels: 4, kernelSize: 2, padding: 'same' })
        .state,
    ),
    prefixed('bn', new BatchNorm(4).state),
    prefixed('fc', new Linear({ key: own, inputs: 4, outputs }).state),
    { count: kept('plain', () => tf.scalar(purpose.length, 'int32')) },
  )
}

function valuesOf(dict: StateDict): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(dict).map(([name, { value }]) => [name, Array.from(value.dataSync())]),
  )
}

beforeAll(async () => {
  await loadEngine()
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-state-'))
  file = join(folder, 'state.safetensors')
  state = network('first')
  other = network('second one')
})

afterEach(async () => {
  disposeState(state)
  disposeState(other)
  await rm(folder, { recursive: true })
})

describe('saveState and loadState', () => {
  it('keep every bit, the metadata and the tensor count', async () => {
    const before = tf.memory().numTensors
    await saveState(file, state, { epoch: '7' })
    expect(await loadState(file, other)).toEqual({ epoch: '7' })
    expect(tf.memory().numTensors).toBe(before)
    expect(valuesOf(other)).toEqual(valuesOf(state))
    expect(await readdir(folder)).toEqual(['state.safetensors'])
  })

  it('write the layouts of PyTorch', async () => {
    await saveState(file, state)
    const { tensors } = await loadSafetensors(file)
    expect(tensors['conv.weight']!.shape).toEqual([4, 3, 2, 2])
    expect(tensors['fc.weight']!.shape).toEqual([5, 4])
    const weight = state['conv.weight']!.value.arraySync() as number[][][][]
    const at = (o: number, i: number, y: number, x: number) =>
      tensors['conv.weight']!.data[((o * 3 + i) * 2 + y) * 2 + x]
    for (const [o, i, y, x] of [
      [0, 0, 0, 0],
      [3, 1, 0, 1],
      [2, 2, 1, 0],
    ] as const) {
      expect(at(o, i, y, x)).toBe(weight[y]![x]![i]![o])
    }
  })

  it('find a part of a file by its prefix', async () => {
    await saveState(file, mergeStates(prefixed('encoder', state), prefixed('optimiser', state)))
    await loadState(file, other, { prefix: 'encoder' })
    expect(valuesOf(other)).toEqual(valuesOf(state))
    await expect(loadState(file, other, { prefix: 'model' })).rejects.toThrow(
      `${file}, under model: a checkpoint of another architecture: 8 missing (${Object.keys(other).join(', ')})`,
    )
  })

  it('name everything that does not fit in one line and assign nothing', async () => {
    const shaped = network('x', 6)
    const { 'bn.running_mean': mean, ...rest } = shaped
    await saveState(file, { ...rest, surplus: mean! })
    const before = valuesOf(state)
    await expect(loadState(file, state)).rejects.toThrow(
      new InputError(
        `${file}: a checkpoint of another architecture: 1 missing (bn.running_mean), 1 unexpected (surplus), ` +
          '2 misshapen (fc.weight is [6,4] instead of [5,4], fc.bias is [6] instead of [5]); ' +
          'load it into the model that it was saved from',
      ),
    )
    expect(valuesOf(state)).toEqual(before)
    disposeState(shaped)
  })

  it('let names be optional and pass over the batch counts of PyTorch', async () => {
    const { count: _, ...weights } = state
    const batches = kept('plain', () => tf.scalar(3))
    await saveState(file, { ...weights, 'bn.num_batches_tracked': batches })
    await loadState(file, other, { optional: (name) => name === 'count' })
    expect(valuesOf(other)).toEqual({ ...valuesOf(state), count: ['second one'.length] })
    await saveState(file, { ...state, 'fc.num_batches_tracked': batches })
    await expect(loadState(file, other)).rejects.toThrow('1 unexpected (fc.num_batches_tracked)')
    disposeState({ batches })
  })
})

describe('assignState', () => {
  it('converts the types of other programs', () => {
    const counter = {
      count: kept('plain', () => tf.scalar(0)),
      whole: kept('plain', () => tf.scalar(0, 'int32')),
    }
    assignState(
      counter,
      {
        count: { shape: [], data: BigInt64Array.of(12n) },
        whole: { shape: [], data: BigInt64Array.of(123_456_789n) },
      },
      'here',
    )
    expect(valuesOf(counter)).toEqual({ count: [12], whole: [123_456_789] })
    disposeState(counter)
  })
})

describe('a file that cannot be used', () => {
  it('is named when it is missing', async () => {
    await expect(loadState(file, state)).rejects.toThrow(
      new InputError(
        `${file}: cannot be read (ENOENT: no such file or directory); name a safetensors file or PyTorch checkpoint that exists and is readable`,
      ),
    )
  })

  it('is named when it is a folder, empty or something else', async () => {
    await mkdir(file)
    await expect(loadSafetensors(file)).rejects.toThrow(`${file}: is a folder; name a file`)
    for (const text of ['', 'this is a text, and no tensor']) {
      const path = join(folder, 'text.safetensors')
      await writeFile(path, text)
      await expect(loadSafetensors(path)).rejects.toThrow(`${path}: not a valid safetensors file`)
    }
  })

  it('is told from weights when it is a pickle of something else', async () => {
    const pickled = join(folder, 'dict.pth')
    await writeFile(pickled, writePickle(new Map([['weight', 'is no tensor']])))
    await expect(loadWeights(pickled)).rejects.toThrow(
      new InputError(
        `${pickled}: a pickle, but not one of torch.save, which alone is read, not a safetensors file or PyTorch checkpoint; save its weights so: torch.save(model.state_dict(), FILE)`,
      ),
    )
  })

  it('is named when its folder is missing, and an older file stays when writing fails', async () => {
    const lost = join(folder, 'missing', 'state.safetensors')
    await expect(saveState(lost, state)).rejects.toThrow(
      new InputError(
        `${lost}: cannot be written (ENOENT: no such file or directory); choose a place that exists, is writable and has room`,
      ),
    )
    await saveState(file, state)
    const before = await readFile(file)
    const impossible = { wrong: { shape: [2], data: Float32Array.of(1) } }
    await expect(saveSafetensors(file, impossible)).rejects.toThrow(RangeError)
    expect(await readFile(file)).toEqual(before)
  })
})
