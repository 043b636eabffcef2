import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { imageExtensions } from '@m2l/datasets'

/** What tells a file from what lay at its place before it was rewritten or replaced. */
export function markOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`
}

/**
 * The picture files of a folder and of those in it, with the mark of each; links to folders are not followed.
 *
 * @throws the system's error when a folder cannot be listed
 */
export async function markedPictures(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const file of await picturesIn(folder, isHiddenBelow(folder))) {
    const stats = await stat(file).catch(() => undefined)
    if (stats?.isFile()) found.set(file, markOf(stats))
  }
  return found
}

/** The paths of picture files, none of a folder that is gone. */
async function picturesIn(folder: string, isHidden: (path: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (isHidden(path)) continue
    if (entry.isDirectory()) files.push(...(await picturesIn(path, isHidden)))
    else if (isPicture(path)) files.push(path)
  }
  return files
}

/** Whether a file is a picture by its name. */
export function isPicture(file: string): boolean {
  return imageExtensions.includes(extname(file).toLowerCase())
}

/** Whether a file or a folder above it, in the folder, begins with a dot. */
export function isHiddenBelow(folder: string): (path: string) => boolean {
  return (path) => /(?:^|[/\\])\.[^/\\.]/.test(relative(folder, path))
}
