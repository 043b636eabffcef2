import { PersistentId, PickleCall, PickleGlobal, writePickle, type WritablePickle } from '@m2l/pickle'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { checkFilled, typeOf, type StoredTensor, type StoredValues } from '../../state/stored-tensor.js'
import type { CheckpointEntry } from './decode-pytorch.js'

/** What to write as a PyTorch checkpoint. */
export interface PyTorchOptions {
  /** The entry that holds the weights, such as `fsl` or `state_dict`; a bare state dict unless told. */
  readonly under?: string | null
  /** Texts, numbers and truth values beside them, where the weights are an entry themselves. */
  readonly entries?: Readonly<Record<string, CheckpointEntry>>
}

const storageClasses = { F32: 'FloatStorage', I32: 'IntStorage', U8: 'ByteStorage', I64: 'LongStorage' }

/**
 * The bytes of a file that `torch.load` reads, also with `weights_only=True`: a state dict in the container
 * of PyTorch 1.6 and newer. The same content gives the same bytes.
 *
 * @throws {RangeError} when a tensor's values do not fill its shape
 */
export async function encodePyTorch(
  tensors: Readonly<Record<string, StoredTensor>>,
  { under = null, entries = {} }: PyTorchOptions = {},
): Promise<Buffer> {
  const named = Object.entries(tensors)
  for (const [name, tensor] of named) checkFilled(name, tensor)
  const state = orderedDict(named.map(([name, tensor], index) => [name, tensorCall(String(index), tensor)]))
  const checkpoint: WritablePickle =
    under === null ? state : new Map<string, WritablePickle>([...Object.entries(entries), [under, state]])
  return zipped([
    ['data.pkl', writePickle(checkpoint)],
    ['byteorder', Buffer.from('little')],
    ...named.map(([, { data }], index): [string, Buffer] => [`data/${index}`, bytesOf(data)]),
    ['version', Buffer.from('3\n')],
  ])
}

function orderedDict(items: readonly [string, WritablePickle][]): PickleCall {
  return new PickleCall('collections.OrderedDict', [], new Map(items))
}

/** A call of `torch._utils._rebuild_tensor_v2`. */
function tensorCall(key: string, { shape, data }: StoredTensor): PickleCall {
  const storageClass = new PickleGlobal(`torch.${storageClasses[typeOf(data)]}`)
  const storage = new PersistentId(['storage', storageClass, key, 'cpu', data.length])
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1))
  const requiresGradient = false
  const hooks = orderedDict([])
  return new PickleCall('torch._utils._rebuild_tensor_v2', [
    storage,
    0,
    shape,
    strides,
    requiresGradient,
    hooks,
  ])
}

function bytesOf({ buffer: memory, byteOffset, byteLength }: StoredValues): Buffer {
  return Buffer.from(memory, byteOffset, byteLength)
}

/** Uncompressed, since PyTorch reads storages in place, and without the time. */
async function zipped(files: readonly [string, Buffer][]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of files)
    zip.addBuffer(content, `archive/${name}`, { compress: false, mtime: new Date(1980, 0, 1) })
  zip.end()
  return buffer(zip.outputStream)
}
