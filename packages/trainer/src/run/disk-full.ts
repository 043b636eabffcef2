import { InputError } from '@m2l/engine'
import { fileExists, type RunFolder } from './run-folder.js'

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file would be larger than this process may write',
}

/**
 * Does work that writes into a run folder. Where there is no room for a file, one line says so and what is
 * left.
 *
 * @throws {InputError} when there is no room
 */
export async function explainingFullDisk<Result>(
  folder: RunFolder,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const reason = noRoomReason(error) ?? (error instanceof Error ? noRoomReason(error.cause) : undefined)
    if (reason === undefined) throw error
    const left = (await fileExists(folder.last))
      ? 'the last checkpoint is whole: make room and go on with --resume'
      : 'make room and start again'
    throw new InputError(`${folder.path}: ${reason}, so the run stops; ${left}`, { cause: error })
  }
}

/** Why there is no room for a file; undefined where an error says something else. */
export function noRoomReason(error: unknown): string | undefined {
  return reasons[(error as NodeJS.ErrnoException | undefined)?.code ?? '']
}
