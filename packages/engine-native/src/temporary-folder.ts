import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { InputError } from '@m2l/engine/messages'

/**
 * Makes a folder for temporary files, whose name begins with `prefix`: where the system says, and where that
 * folder is missing, full or read-only, in `/tmp` or `/var/tmp` or, in memory, `/dev/shm`.
 *
 * @returns its path; the caller removes it.
 * @throws {InputError} none of them can be written.
 */
export function makeTemporaryFolder(prefix: string): string {
  const others = process.platform === 'win32' ? [] : ['/tmp', '/var/tmp', '/dev/shm']
  const parents = new Set([tmpdir(), ...others].filter((parent) => isAbsolute(parent)))
  const faults: string[] = []
  for (const parent of parents) {
    try {
      return mkdtempSync(join(parent, prefix))
    } catch (error) {
      faults.push(`${parent} (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  throw new InputError(
    `no folder for temporary files can be written: ${faults.join(', ')}; set TMPDIR to one that can`,
    { code: 'file' },
  )
}
