import { crc32 } from 'node:zlib'
import { PickleError, readPickle } from '@m2l/pickle'
import { fromBufferPromise, type ZipFile } from 'yauzl'
import type { TorchContainer } from './container.js'
import { Storages } from './storages.js'
import { torchConstructors } from './torch-constructors.js'

const start = Buffer.from('PK\x03\x04')

/** Whether a file begins as a zip archive does, which `torch.save` writes since PyTorch 1.6. */
export function isZipContainer(bytes: Uint8Array): boolean {
  return start.equals(bytes.subarray(0, start.length))
}

/**
 * Reads the newer container (`torch/serialization.py`, `_save`): a zip archive of uncompressed files
 * `NAME/data.pkl`, `NAME/data/KEY` for each storage, and `NAME/byteorder`. Files are taken by these names
 * only, and never unpacked.
 *
 * @throws PickleError
 */
export async function readZipContainer(bytes: Buffer): Promise<TorchContainer> {
  const files = await storedFiles(bytes)
  const root = rootOf(files)
  const storages = new Storages()
  const value = readPickle(contentOf(files, `${root}/data.pkl`), {
    constructors: torchConstructors,
    persistent: storages.refer,
  }).value
  const isBigEndian = byteOrder(files, root) === 'big'
  for (const storage of storages.all) {
    storage.fill(contentOf(files, `${root}/data/${storage.key}`), isBigEndian)
  }
  return { container: 'zip', value, storages: storages.all }
}

interface StoredFile {
  readonly name: string
  /** From its header to the end of its content. */
  readonly begin: number
  readonly end: number
  readonly content: Buffer
  readonly checksum: number
}

type StoredFiles = ReadonlyMap<string, StoredFile>

function rootOf(files: StoredFiles): string {
  const roots = [...files.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? [])
  if (roots.length !== 1) {
    throw new PickleError(`it is a zip archive with ${roots.length} files NAME/data.pkl instead of one`)
  }
  return roots[0]!
}

function contentOf(files: StoredFiles, name: string): Buffer {
  const file = files.get(name)
  if (!file) throw new PickleError(`it lacks ${name}`)
  if (crc32(file.content) !== file.checksum) throw new PickleError(`${name} does not match its checksum`)
  return file.content
}

/** Files from before PyTorch 2.1 do not tell it; they are of little-endian machines. */
function byteOrder(files: StoredFiles, root: string): 'little' | 'big' {
  const name = `${root}/byteorder`
  const order = files.has(name) ? contentOf(files, name).toString('latin1') : 'little'
  if (order !== 'little' && order !== 'big') throw new PickleError('its byte order is neither little nor big')
  return order
}

/** Far more than any checkpoint has. */
const mostFiles = 100_000

async function storedFiles(bytes: Buffer): Promise<StoredFiles> {
  const files = new Map<string, StoredFile>()
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true })
    if (zip.entryCount > mostFiles)
      throw new PickleError(`it is a zip archive of more than ${mostFiles} files`)
    for await (const file of filesOf(zip, bytes)) {
      if (files.has(file.name)) throw new PickleError(`it holds ${file.name} twice`)
      files.set(file.name, file)
    }
  } catch (error) {
    if (error instanceof PickleError) throw error
    throw new PickleError(`its zip archive is damaged (${(error as Error).message})`)
  }
  checkApart(files)
  return files
}

async function* filesOf(zip: ZipFile, bytes: Buffer): AsyncGenerator<StoredFile> {
  for await (const entry of zip.eachEntry()) {
    const { fileName: name, relativeOffsetOfLocalHeader: begin, uncompressedSize: size } = entry
    if (entry.isEncrypted()) throw new PickleError(`${name} in it is encrypted`)
    if (entry.compressionMethod !== 0 || entry.compressedSize !== size) {
      throw new PickleError(`${name} in it is compressed, as PyTorch never does`)
    }
    const header = await zip.readLocalFileHeaderPromise(entry)
    if (!header.fileName.equals(entry.fileNameRaw)) throw new PickleError(`${name} in it has two names`)
    const end = header.fileDataStart + size
    if (end > bytes.length) throw new PickleError('it is cut off')
    yield { name, begin, end, content: bytes.subarray(header.fileDataStart, end), checksum: entry.crc32 }
  }
}

function checkApart(files: StoredFiles): void {
  let [before, covered] = ['', 0]
  for (const { name, begin, end } of [...files.values()].toSorted((a, b) => a.begin - b.begin)) {
    if (begin < covered) throw new PickleError(`${before} and ${name} in it overlap`)
    ;[before, covered] = [name, end]
  }
}
