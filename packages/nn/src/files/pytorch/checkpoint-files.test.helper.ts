import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { PersistentId, PickleCall, PickleGlobal, writePickle, type WritablePickle } from '@m2l/pickle'
import { ZipFile } from 'yazl'

/** A checkpoint that PyTorch wrote, see `make_checkpoints.py`. */
export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../testdata/pytorch/${name}.pth`, import.meta.url))
}

/** A zip archive of files that lie in it as they are, or compressed. */
export async function zipOf(
  files: readonly (readonly [name: string, content: Buffer])[],
  compress = false,
): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of files) zip.addBuffer(content, name, { compress })
  zip.end()
  return buffer(zip.outputStream)
}

/** Four floats. */
export const four = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)

/** A checkpoint whose value is anything, with storage 0 of {@link four}. */
export function zipCheckpoint(value: WritablePickle | Buffer): Promise<Buffer> {
  return zipOf([
    ['a/data.pkl', Buffer.isBuffer(value) ? value : writePickle(value)],
    ['a/data/0', four],
  ])
}

/** The same in the older container, which lists the storages to which the value refers. */
export function legacyCheckpoint(value: WritablePickle | Buffer, keys?: WritablePickle): Buffer {
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex')
  const state = Buffer.isBuffer(value) ? value : writePickle(value)
  const listed = keys ?? (state.includes('FloatStorage') ? ['0'] : [])
  const elements = Buffer.alloc(8)
  elements.writeBigInt64LE(4n)
  const head = [magic, writePickle(1001), writePickle(new Map()), state, writePickle(listed)]
  return Buffer.concat([...head, elements, four])
}

/** Storage 0. */
export const storage = (type = 'FloatStorage', elements = 4, key = '0'): PersistentId =>
  new PersistentId(['storage', new PickleGlobal(`torch.${type}`), key, 'cpu', elements])

/** A tensor of storage 0. */
export function tensor(
  shape: readonly WritablePickle[] = [2, 2],
  strides: readonly WritablePickle[] = [2, 1],
  offset: WritablePickle = 0,
  source: WritablePickle = storage(),
): PickleCall {
  const hooks = new PickleCall('collections.OrderedDict', [])
  return new PickleCall('torch._utils._rebuild_tensor_v2', [source, offset, shape, strides, false, hooks])
}

export const dict = (items: Readonly<Record<string, WritablePickle>>): WritablePickle =>
  new Map(Object.entries(items))
