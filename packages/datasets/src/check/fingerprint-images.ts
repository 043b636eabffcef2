import { InputError } from '@m2l/engine'
import type { DecodeOptions } from '@m2l/pictures'
import type { Undecodable } from '@m2l/pictures/pixels'
import type { LayoutIndex } from '../layouts/layout.js'
import { mapConcurrently } from '../map-concurrently.js'
import { pictureThreads } from '../threads/picture-threads.js'
import type { PictureFile, Unreadable } from '../threads/picture-work.js'
import { type Fingerprint, fingerprintOf } from './fingerprint.js'

/** Pictures that a thread reads one after the other. */
const picturesPerWork = 16

/** How pictures are gone through. */
export interface FingerprintOptions {
  readonly decodeOptions: DecodeOptions
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Reads pictures and keeps what tells them from others; a picture that cannot be read gives the reason.
 * Memory beside the results is that of one decoded picture for each thread.
 *
 * @throws the signal's reason when it is aborted
 */
export async function fingerprintImages(
  index: LayoutIndex,
  ids: readonly string[],
  { decodeOptions, onProgress = () => {}, signal }: FingerprintOptions,
): Promise<(Fingerprint | Undecodable)[]> {
  const starts = Array.from(
    { length: Math.ceil(ids.length / picturesPerWork) },
    (_, work) => work * picturesPerWork,
  )
  let done = 0
  onProgress(0, ids.length)
  const works = await mapConcurrently(starts, pictureThreads().count + 1, async (start) => {
    signal?.throwIfAborted()
    const some = ids.slice(start, start + picturesPerWork)
    const prints = await (index.file ? ofFiles(index, some, decodeOptions) : ofPixels(index, some))
    done += some.length
    onProgress(done, ids.length)
    return prints
  })
  return works.flat()
}

async function ofFiles(
  { pathOf, file }: LayoutIndex,
  ids: readonly string[],
  options: DecodeOptions,
): Promise<(Fingerprint | Undecodable)[]> {
  const files: (PictureFile | Undecodable)[] = await Promise.all(
    ids.map((id) => pathOf?.(id) ?? file!(id).catch(reasonOf)),
  )
  const readable = files.filter((one) => typeof one === 'string' || ArrayBuffer.isView(one))
  const prints = await pictureThreads().fingerprint({ files: readable, options })
  let next = 0
  return files.map((one) => {
    if (typeof one !== 'string' && !ArrayBuffer.isView(one)) return one
    const print = prints[next++]!
    return 'message' in print ? unreadable(print) : print
  })
}

/** Sources of bare pixels are read here: there is nothing to decode. */
function ofPixels({ read }: LayoutIndex, ids: readonly string[]): Promise<(Fingerprint | Undecodable)[]> {
  return Promise.all(ids.map((id) => read(id).then(fingerprintOf, reasonOf)))
}

function reasonOf(error: unknown): Undecodable {
  if (!(error instanceof InputError)) throw error
  return { reason: error.message }
}

function unreadable({ code, message }: Unreadable): Undecodable {
  return { reason: `cannot be read (${code ?? message})` }
}
