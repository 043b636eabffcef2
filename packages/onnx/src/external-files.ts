import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { InputError } from '@m2l/engine'
import { kindOfFile } from '@m2l/engine-native'
import type { ExternalData } from './tensor-size.js'

/** A file of weights beside an ONNX file. */
export interface ExternalFile {
  readonly location: string
  readonly path: string
  readonly bytes: number
}

/**
 * Checks that the files are there in which weights lie, and long enough.
 *
 * @param folder that of the ONNX file; nothing where it was given as bytes
 * @param name what errors call the ONNX file
 * @throws {InputError} when one is not there, too short, or outside the folder
 */
export async function externalFiles(
  external: readonly ExternalData[],
  folder: string | undefined,
  name: string,
): Promise<ExternalFile[]> {
  if (external.length === 0) return []
  if (folder === undefined) {
    throw new InputError(
      `${name}: its weights lie in other files (${external[0]!.location}), which bytes do not lead to; name the file`,
    )
  }
  const within = await realpath(folder)
  const ends = new Map<string, number>()
  for (const { location, offset, length } of external) {
    ends.set(location, Math.max(ends.get(location) ?? 0, offset + length))
  }
  const files: ExternalFile[] = []
  for (const [location, end] of ends) {
    const path = await pathWithin(within, location, name)
    const found = await stat(path)
    const kind = kindOfFile(found)
    if (kind !== undefined)
      throw new InputError(`${name}: its weights in ${location} are ${kind}; expected a regular file`)
    if (!(end <= found.size)) {
      throw new InputError(
        `${name}: its weights in ${location} end at byte ${end}, but that file has ${found.size}; copy it again`,
      )
    }
    files.push({ location, path, bytes: found.size })
  }
  return files
}

/** A SHA-256 of the files, in their order. */
export async function hashOfFiles(files: readonly ExternalFile[]): Promise<string> {
  const hash = createHash('sha256')
  for (const { path } of files) {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

async function pathWithin(folder: string, location: string, name: string): Promise<string> {
  const outside = new InputError(
    `${name}: its weights lie in ${location || 'a file without a name'}, outside its folder; put them beside it and export it again`,
  )
  if (location === '' || isAbsolute(location) || /^[a-z]:|^[\\/]/i.test(location)) throw outside
  let path: string
  try {
    path = await realpath(join(folder, location))
  } catch (error) {
    if (isOutside(folder, join(folder, location))) throw outside
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? String(error)})`
    throw new InputError(
      `${name}: its weights lie in ${location} beside it, which ${reason}; copy that file, too`,
    )
  }
  if (isOutside(folder, path)) throw outside
  return path
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)
}
