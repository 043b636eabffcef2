import { access, constants, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { makeFolder } from '@m2l/engine-native'

/** Where a training run keeps its files. */
export interface RunFolder {
  readonly path: string
  /** The newest checkpoint, from which the run can go on. */
  readonly last: string
  /** Where the next checkpoint lies until it is whole. */
  readonly next: string
  /** The model of the best validation so far. */
  readonly best: string
  /** One line a validation, for people. */
  readonly record: string
  /** A page of the run's curves and settings. */
  readonly page: string
}

/**
 * The files of a run in a folder, which is made where it does not exist.
 *
 * @throws {InputError} when it cannot be made or written to
 */
export async function openRunFolder(path: string): Promise<RunFolder> {
  try {
    await makeFolder(path)
    await access(path, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inTheWay = code === 'EEXIST' || code === 'ENOTDIR'
    const reason = inTheWay ? 'a file is in the way' : (code ?? String(error))
    throw new InputError(
      `${path}: expected a folder to write results to, but it cannot be written (${reason}); choose another with run.folder=FOLDER`,
    )
  }
  return {
    path,
    last: join(path, 'last.safetensors'),
    next: join(path, 'next.safetensors'),
    best: join(path, 'best.safetensors'),
    record: join(path, 'record.txt'),
    page: join(path, 'report.html'),
  }
}

/**
 * Removes what a process that was killed has left half written; nobody may be writing training's files
 * meanwhile.
 */
export async function removeHalfWritten({ path, next }: RunFolder): Promise<void> {
  for (const name of await readdir(path)) {
    if (/^(last|next|best|record|report|training|fault).*\.[\da-f-]{36}\.tmp$/.test(name))
      await rm(join(path, name))
  }
  await rm(next, { force: true })
}

/** Whether there is a file. */
export async function fileExists(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
