import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { mapConcurrently } from '../map-concurrently.js'
import type { FileTree } from './file-tree.js'

const statedAtOnce = 32

/**
 * A text that changes with the source: a hash of sizes, numbers and times of change, of all files or of the
 * archive. The time at which the system last changed a file's entry is among them, which nobody can set: so a
 * file of the same size with a restored time, or of another machine at the same path, is another.
 */
export async function sourceStamp({ root, files, pathOf }: FileTree): Promise<string> {
  const paths = pathOf ? files.map(pathOf) : [root]
  const states = await mapConcurrently(paths, statedAtOnce, async (path) => {
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true })
    return [path, ...[size, mtimeNs, ctimeNs, ino].map(String)]
  })
  return createHash('sha256').update(JSON.stringify(states)).digest('hex')
}
