import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from '@m2l/engine-native'

/** @throws {InputError} when the file cannot be read */
export async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readRegularFile(file)
  } catch (error) {
    if ((await stat(file).catch(() => undefined))?.isDirectory()) throw await folderInsteadOf(file)
    throw unusable(
      file,
      'read',
      'name a safetensors file or PyTorch checkpoint that exists and is readable',
      error,
    )
  }
}

const endings = /\.(safetensors|safetensors\.index\.json|bin\.index\.json|pth|pt|ckpt|bin)$/

/** Names the files of weights in it. */
async function folderInsteadOf(folder: string): Promise<InputError> {
  const all = (await readdir(folder)).filter((name) => endings.test(name)).toSorted()
  const shown = all.slice(0, 5).map((name) => join(folder, name))
  const found =
    all.length === 0 ? 'there is none in it' : `it holds ${shown.join(', ')}${all.length > 5 ? ', …' : ''}`
  return new InputError(`${folder}: is a folder; name a file of weights: ${found}`, { code: 'file' })
}

/**
 * Writes a file at once: a reader sees the old file or the new one, never a part.
 *
 * @throws {InputError} when it cannot be written
 */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomically(file, bytes)
  } catch (error) {
    throw notWritable(file, error)
  }
}

/** What is told where the system refuses to write a file; other errors as they are. */
export function notWritable(file: string, error: unknown): unknown {
  return unusable(file, 'written', 'choose a place that exists, is writable and has room', error)
}

function unusable(file: string, verb: string, remedy: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const reason = error.message.replace(/, \w+( '.*)?$/s, '')
  return new InputError(`${file}: cannot be ${verb} (${reason}); ${remedy}`, { code: 'file', cause: error })
}
