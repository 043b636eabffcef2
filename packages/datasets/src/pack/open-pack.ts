import { createHash, randomUUID } from 'node:crypto'
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import { cacheFolder, makeFolder } from '@m2l/engine-native'
import type { DecodeOptions, RgbImage } from '@m2l/pictures'
import { mapConcurrently } from '../map-concurrently.js'
import { openFile } from '../sources/byte-source.js'
import type { ImageSplit } from '../dataset.js'
import type { FileTree } from '../sources/file-tree.js'
import { PackReader, PackWriter } from './pack-file.js'
import { sourceStamp } from '../sources/source-stamp.js'

/** How decoded pictures are kept on the disk. */
export interface PackOptions {
  /**
   * `off` (default): they are not. A folder: they are, there. `auto`: they are, in the user's cache folder,
   * where that pays: the pixels are more than the memory cache holds, take at most 4 GiB, and leave half of
   * the free space.
   */
  readonly pack?: string
  /** Receives how many pictures are packed, when a pack is made. */
  readonly onPack?: (done: number, total: number) => void
  /**
   * Receives the one line that says why there is no pack; pictures are then decoded whenever they are read.
   */
  readonly onPackProblem?: (line: string) => void
  /** Aborting leaves off packing; the data set is opened without a pack. */
  readonly signal?: AbortSignal
}

/** What is to be packed. */
export interface PackInput {
  readonly name: string
  readonly tree: FileTree
  readonly splits: Readonly<Record<string, ImageSplit>>
  /** Decodes from the source. */
  readonly read: (id: string) => Promise<RgbImage>
  readonly decodeOptions: DecodeOptions
  /** What the memory cache holds. */
  readonly cacheBytes: number
}

const mostBytesOfAuto = 2 ** 32
const picturesOfEstimate = 32
const picturesPerWrite = 256
const decodedAtOnce = 64
const abandonedAfter = 24 * 3600 * 1000

/**
 * The pack of a source: the one that is there, or a new one; undefined where there is to be none or none can
 * be made.
 */
export async function openPack(
  { splits, ...source }: PackInput,
  options: PackOptions,
): Promise<PackReader | undefined> {
  const { pack = 'off', onPackProblem = () => {} } = options
  if (pack === 'off') return undefined
  const input = { ...source, ids: distinctIds(splits) }
  const folder = pack === 'auto' ? folderOfUser(onPackProblem) : resolve(pack)
  if (folder === undefined) return undefined
  const file = join(folder, fileName(input))
  try {
    const stamp = await sourceStamp(input.tree)
    const found = await readPack(file, stamp)
    if (found) return found
    if (pack === 'auto' && !(await pays(input, folder))) return undefined
    await makeFolder(folder)
    await removeAbandoned(folder, file)
    if (!(await makePack(file, stamp, input, options))) return undefined
    if ((await sourceStamp(input.tree)) === stamp) return await readPack(file, stamp)
    onPackProblem(
      `${input.tree.root}: was changed while its pictures were packed; going on without their pack`,
    )
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof InputError || code === undefined) throw error
    onPackProblem(
      `${file}: decoded pictures cannot be kept there (${code === 'ENOSPC' ? 'the disk is full' : message.split('\n', 1)[0]}); going on without`,
    )
    return undefined
  }
}

/** Where `auto` keeps packs; undefined, and told, where this user has no cache. */
function folderOfUser(onPackProblem: (line: string) => void): string | undefined {
  try {
    return join(cacheFolder(), 'packs')
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    onPackProblem(`decoded pictures cannot be kept (${error.message}); going on without`)
    return undefined
  }
}

/** The source of a pack, and the ids of its pictures, each once. */
type Contents = Omit<PackInput, 'splits'> & { readonly ids: readonly string[] }

function distinctIds(splits: PackInput['splits']): string[] {
  const images = Object.values(splits).flatMap(({ classes }) => classes.flatMap((ofClass) => ofClass.images))
  return [...new Set(images.map(({ id }) => id))]
}

/**
 * Named after what is packed and how it is decoded, so that a pack of a source that has changed gives way to
 * the new one, and others lie beside it.
 */
function fileName({ name, tree, ids, decodeOptions }: Contents): string {
  const { transparency = 'white', maxPixels = null, reduceTo } = decodeOptions
  const boxes = reduceTo === undefined ? null : { boxes: reduceTo }
  const identity = JSON.stringify([resolve(tree.root), transparency, maxPixels, boxes, ids])
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16)
  return `${name.replaceAll(/[^\w.-]/g, '_')}-${digest}.safetensors`
}

async function readPack(file: string, stamp: string): Promise<PackReader | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) return undefined
  const bytes = await openFile(file)
  const reader = await PackReader.open(bytes, stamp)
  if (!reader) await bytes.close()
  return reader
}

async function pays({ ids, read, cacheBytes }: Contents, folder: string): Promise<boolean> {
  const count = Math.min(picturesOfEstimate, ids.length)
  const some = Array.from({ length: count }, (_, index) => ids[Math.floor((index * ids.length) / count)]!)
  const sizes = await Promise.all(some.map((id) => read(id).then(({ data }) => data.length, unreadable)))
  const known = sizes.filter((size) => size !== undefined)
  const bytes = (ids.length * known.reduce((sum, size) => sum + size, 0)) / Math.max(1, known.length)
  if (bytes <= cacheBytes || bytes > mostBytesOfAuto) return false
  await makeFolder(folder)
  const { bavail, bsize } = await statfs(folder)
  return bytes <= (bavail * bsize) / 2
}

/** @returns whether it was made; not when aborted. */
async function makePack(
  file: string,
  stamp: string,
  { ids, read }: Contents,
  { onPack = () => {}, signal }: PackOptions,
): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      const writer = new PackWriter(handle)
      onPack(0, ids.length)
      for (let start = 0; start < ids.length; start += picturesPerWrite) {
        const some = ids.slice(start, start + picturesPerWrite)
        await writer.add(await mapConcurrently(some, decodedAtOnce, (id) => read(id).catch(unreadable)))
        onPack(start + some.length, ids.length)
        if (signal?.aborted) return false
      }
      await writer.finish(ids, stamp)
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    return true
  } finally {
    await rm(temporary, { force: true })
  }
}

/** A picture that cannot be decoded is left out: who reads it is told by the source. */
function unreadable(error: unknown): undefined {
  if (!(error instanceof InputError)) throw error
  return undefined
}

/** Removes what processes that were killed have left of this pack. */
async function removeAbandoned(folder: string, file: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(file)}.`) || !name.endsWith('.tmp')) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > abandonedAfter) await rm(path, { force: true })
  }
}
