import { decodePyTorch, encodePyTorch } from '@m2l/nn/files'
import { PersistentId, PickleCall, PickleGlobal, writePickle, type WritablePickle } from '@m2l/pickle'
import { type Member, membersOf, zipOf } from '../containers.js'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'
import { program } from './pickle.js'
import { fewTensors } from './safetensors.js'

/** A state dict whose tensors are views of storages, as `torch.save` pickles it. */
function stateDict(isLegacy: boolean): WritablePickle {
  const storage = (key: string, type: string, elements: number) =>
    new PersistentId([
      'storage',
      new PickleGlobal(`torch.${type}`),
      key,
      'cpu',
      elements,
      ...(isLegacy ? [null] : []),
    ])
  const tensor = (of: WritablePickle, offset: number, shape: number[], strides: number[]) =>
    new PickleCall('torch._utils._rebuild_tensor_v2', [
      of,
      offset,
      shape,
      strides,
      false,
      new PickleCall('collections.OrderedDict', []),
    ])
  const floats = storage('0', 'FloatStorage', 6)
  return new Map<string, WritablePickle>([
    ['epoch', 3],
    ['state_dict', new PickleCall('collections.OrderedDict', [], new Map([
      ['module.weight', tensor(floats, 0, [2, 3], [3, 1])],
      ['module.turned', tensor(floats, 1, [1, 2, 2], [9, 1, 2])],
      ['module.half', tensor(storage('1', 'HalfStorage', 4), 0, [4], [1])],
    ]))],
  ]) // prettier-ignore
}

const storages: readonly Buffer[] = [Buffer.alloc(24, 7), Buffer.alloc(8, 1)]

/** What follows the value in the older container: the keys of the storages, and each of them. */
function legacyOf(value: Buffer): Buffer {
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex')
  const sizes = writePickle(new Map([['little_endian', true]]))
  const counted = [6, 4].flatMap((count, index) => {
    const elements = Buffer.alloc(8)
    elements.writeBigInt64LE(BigInt(count))
    return [elements, storages[index]!]
  })
  return Buffer.concat([magic, writePickle(1001), sizes, value, writePickle(['0', '1']), ...counted])
}

const zipContainer = (value: Buffer): Buffer =>
  zipOf([
    ['archive/data.pkl', value],
    ['archive/byteorder', Buffer.from('little')],
    ...storages.map((bytes, key): Member => [`archive/data/${key}`, bytes]),
    ['archive/version', Buffer.from('3\n')],
  ])

/** PyTorch's checkpoints in the container of today. */
export const pytorchZip: Reader = {
  name: 'pytorch-zip',
  share: 60,
  async open() {
    const ours = await encodePyTorch(fewTensors, { under: 'fsl', entries: { epoch: 3 } })
    const value = writePickle(stateDict(false))
    const own = membersOf(ours).find(([name]) => name.endsWith('/data.pkl'))![1]
    return {
      forms: [
        changed([ours, zipContainer(value)]),
        changed([value], zipContainer),
        changed([own], (part) => zipOf(membersOf(ours).map(([name, content]): Member => [name, content === own || name.endsWith('/data.pkl') ? part : content]))),
        madeUp(program, zipContainer),
      ],
      read: (input) => decodePyTorch(input, 'input'),
    } // prettier-ignore
  },
}

/** PyTorch's checkpoints in the container of before 1.6. */
export const pytorchLegacy: Reader = {
  name: 'pytorch-legacy',
  share: 120,
  async open() {
    const value = writePickle(stateDict(true))
    return {
      forms: [changed([legacyOf(value)]), changed([value], legacyOf), madeUp(program, legacyOf)],
      read: (input) => decodePyTorch(input, 'input'),
    }
  },
}
