import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { InputError } from '@m2l/engine'
import { makeFolder } from '@m2l/engine-native'
import { unreadable } from '../sources/byte-source.js'

/** A folder in the making. */
export interface StagedFolder {
  /** What becomes the folder. */
  readonly content: string
  /** For files that are needed meanwhile. */
  readonly scratch: string
}

/** What may be done to the folder that is there, and what must stay. */
export interface StagingOptions {
  /** Whether a folder that holds something is replaced. */
  readonly force: boolean
  /** A path that the folder must neither be nor hold. */
  readonly keep: string
}

/**
 * Makes a folder at once: its content is written into a sibling and gets the folder's name when it is
 * complete. When `fill` fails, the sibling is removed and the folder is as it was.
 *
 * @throws InputError when the folder holds something and `force` is off, or when it holds what must be kept
 */
export async function stageFolder<Result>(
  path: string,
  options: StagingOptions,
  fill: (staged: StagedFolder) => Promise<Result>,
): Promise<Result> {
  const folder = await realpath(path).catch(() => resolve(path))
  await requireReplaceable(folder, path, options)
  const made = await makeFolder(dirname(folder)).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: cannot be made (${error.code}); name another folder`)
  })
  const staging = join(dirname(folder), `${basename(folder)}.${randomUUID()}.tmp`)
  const staged = { content: join(staging, 'content'), scratch: join(staging, 'scratch') }
  try {
    await makeFolder(staged.content)
    await mkdir(staged.scratch)
    const result = await fill(staged)
    if (options.force) await replace(folder, path, staged.content, join(staging, 'replaced'))
    else await place(folder, path, staged.content)
    return result
  } finally {
    await rm(staging, { recursive: true, force: true })
    if (made !== undefined) await removeEmptyFolders(dirname(folder), made)
  }
}

async function requireReplaceable(folder: string, name: string, options: StagingOptions): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ENOTDIR') throw new InputError(`${name}: is a file; name a new or empty folder`)
    throw unreadable(name, error)
  })
  if (found === undefined) return
  const kept = await Promise.all([options.keep, '.'].map((path) => realpath(path).catch(() => resolve(path))))
  if (kept.some((path) => `${path}${sep}`.startsWith(`${folder}${sep}`))) {
    throw new InputError(`${name}: holds the source or the working folder; name a new or empty folder`)
  }
  if (found.length > 0 && !options.force) {
    throw new InputError(
      `${name}: exists and is not empty; name a new folder, or replace it and all it holds with --force`,
    )
  }
}

/**
 * Gives the content the name of a folder that is empty or not there. @throws InputError when it has been
 * filled meanwhile
 */
async function place(folder: string, name: string, content: string): Promise<void> {
  await rename(content, folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    throw new InputError(
      `${name}: was filled by another process meanwhile, and is as that left it; look at it`,
    )
  })
}

/** Gives the content the folder's name; what had it goes aside first and comes back if that fails. */
async function replace(folder: string, name: string, content: string, aside: string): Promise<void> {
  const wasThere = await rename(folder, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
  try {
    await place(folder, name, content)
  } catch (error) {
    if (wasThere && !(error instanceof InputError)) await rename(aside, folder)
    throw error
  }
}

/** Takes back the folders that were made above, if nothing came into them. */
async function removeEmptyFolders(innermost: string, outermost: string): Promise<void> {
  for (let folder = innermost; folder.length >= outermost.length; folder = dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}
