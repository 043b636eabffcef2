import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { mapConcurrently } from '../map-concurrently.js'
import type { FileTree } from '../sources/file-tree.js'

const statedAtOnce = 32

/** A text that changes with the source: a hash of sizes and times of change, of all files or of the archive. */
export async function sourceStamp({ root, files, pathOf }: FileTree): Promise<string> {
  const paths = pathOf ? files.map(pathOf) : [root]
  const states = await mapConcurrently(paths, statedAtOnce, async (path) => {
    const { size, mtimeMs } = await stat(path)
    return [path, size, mtimeMs]
  })
  return createHash('sha256').update(JSON.stringify(states)).digest('hex')
}
