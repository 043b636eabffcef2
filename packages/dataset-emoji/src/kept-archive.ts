import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InputError } from '@m2l/engine'
import { makeFolder, writeFileAtomically } from '@m2l/engine-native'
import { z } from 'zod'

/** An archive of one folder a class. */
export interface Archive {
  readonly bytes: Buffer
  /** Names of the folders. */
  readonly classes: readonly string[]
}

const recordSchema = z.object({ sha256: z.string(), classes: z.array(z.string()).min(1) })

/**
 * The classes of an archive file, which is made first where it is not there, whole and unchanged.
 *
 * The archive, and after it a record with its SHA-256, are each written at once. So processes may make the
 * same archive side by side, and one that is killed leaves nothing that counts.
 *
 * @throws InputError when the file cannot be written.
 */
export async function keptArchive(file: string, make: () => Promise<Archive>): Promise<readonly string[]> {
  const kept = await readKept(file)
  if (kept) return kept
  const { bytes, classes } = await make()
  try {
    await makeFolder(dirname(file))
    await writeFileAtomically(file, bytes)
    await writeFileAtomically(recordOf(file), `${JSON.stringify({ sha256: sha256(bytes), classes })}\n`)
  } catch (error) {
    throw new InputError(
      `${file}: cannot be written (${error instanceof Error ? error.message : String(error)}); ` +
        'set M2L_CACHE to a folder that is writable and has 20 MB of room',
    )
  }
  return classes
}

async function readKept(file: string): Promise<readonly string[] | undefined> {
  try {
    const { sha256: expected, classes } = recordSchema.parse(
      JSON.parse(await readFile(recordOf(file), 'utf8')),
    )
    return sha256(await readFile(file)) === expected ? classes : undefined
  } catch {
    return undefined
  }
}

function recordOf(file: string): string {
  return `${file}.json`
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
