import { statfs } from 'node:fs/promises'
import { InstallationError } from './installation-error.js'

/** A program that was started for the installation found no room on the disk. */
export class DiskFullError extends Error {
  readonly code = 'ENOSPC'
}

/** Whether the output of a program says that the disk is full. */
export const saysDiskFull = (output: string): boolean =>
  /no space left on device|disk quota exceeded|errno 28\b/i.test(output)

/** Whether an error, or what caused it, means that a disk is full. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) || isDiskFull(error.cause))

/**
 * @param what takes the room, as a sentence calls it.
 * @throws {InstallationError} fewer than `bytes` are free where `folder` lies.
 */
export async function assertRoom(folder: string, what: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw diskFull(folder, what, bytes, bavail * bsize)
}

/** The error for a full disk. */
export function diskFull(folder: string, what: string, needed: number, free?: number): InstallationError {
  const left = free === undefined ? 'it is full' : `${inWords(free)} are free`
  return new InstallationError(
    `the disk of ${folder} has too little room: ${what} needs ${inWords(needed)} there while it is installed ` +
      `and ${left}; free some, or set M2L_CACHE to a folder on another disk, and type the command again`,
  )
}

const inWords = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
