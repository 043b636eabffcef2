import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { type Drawings, artists, loadDrawings } from './artists.js'
import { drawEmoji } from './draw-emoji.js'
import type { Archive } from './kept-archive.js'

/** How far drawing has come, in pictures. */
export interface DrawProgress {
  readonly done: number
  readonly total: number
}

/** Enough to keep libuv's four threads busy. */
const drawnAtOnce = 8

/**
 * Draws emoji by every artist into a zip of `<class>/<artist>.png`, stored without compression.
 *
 * @param choose picks the names to draw from all drawings, one set an artist.
 * @param size of the pictures, in pixels.
 */
export async function drawArchive(
  choose: (sets: readonly Drawings[]) => readonly string[],
  size: number,
  onProgress?: (progress: DrawProgress) => void,
  signal?: AbortSignal,
): Promise<Archive> {
  const sets = artists.map((artist) => ({ artist, drawings: loadDrawings(artist) }))
  const classes = choose(sets.map(({ drawings }) => drawings))
  const pictures = classes.flatMap((name) => sets.map(({ artist, drawings }) => ({ name, artist, drawings })))
  const files: Buffer[] = []
  let next = 0
  let done = 0
  const draw = async () => {
    while (next < pictures.length) {
      signal?.throwIfAborted()
      const index = next++
      const { drawings, name } = pictures[index]!
      files[index] = await drawEmoji(drawings, name, size)
      onProgress?.({ done: ++done, total: pictures.length })
    }
  }
  await Promise.all(Array.from({ length: drawnAtOnce }, draw))
  const zip = new ZipFile()
  // One date for all, in the zip's own zoneless form, so that the bytes depend on the pictures alone.
  const entry = { mtime: new Date(2000, 0, 1), mode: 0o100644, compress: false, forceDosTimestamp: true }
  for (const [index, { name, artist }] of pictures.entries()) {
    zip.addBuffer(files[index]!, `${name}/${artist}.png`, entry)
  }
  zip.end()
  return { bytes: await buffer(zip.outputStream), classes }
}
