import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll } from 'vitest'
import { ZipFile } from 'yazl'

/** Files by their POSIX path; a trailing slash makes an empty folder. */
export type Files = Record<string, Uint8Array | string>

/** A new empty folder, removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-datasets-'))
  made.push(folder)
  return folder
}

const made: string[] = []
afterAll(() => Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true }))))

/** A new file of the given name in a folder of its own. */
export async function temporaryFile(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

/** A new folder with these files, made one after another in the given order. */
export async function folderOf(files: Files): Promise<string> {
  const root = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true })
    if (!path.endsWith('/')) await writeFile(join(root, path), content)
  }
  return root
}

export async function zipOf(files: Files, compress = true): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith('/')) zip.addEmptyDirectory(path)
    else zip.addBuffer(Buffer.from(content), path, { compress })
  }
  zip.end()
  return buffer(zip.outputStream)
}

export async function tarOf(files: Files | [string, Uint8Array | string][]): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Array.isArray(files) ? files : Object.entries(files)) {
    if (name.endsWith('/')) tar.entry({ name, type: 'directory' })
    else tar.entry({ name }, Buffer.from(content))
  }
  tar.finalize()
  return buffer(tar)
}

/** A PNG file whose pixels all differ: pixel i is (seed, i, 255 - i). */
export async function picture(seed: number, width = 5, height = 4): Promise<Buffer> {
  return sharp(pixelsOf(seed, width, height), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

/** The pixels of {@link picture}. */
export function pixelsOf(seed: number, width = 5, height = 4): Uint8Array {
  return Uint8Array.from({ length: width * height }).reduce<Uint8Array>(
    (pixels, _, index) => {
      pixels.set([seed, index % 256, 255 - (index % 256)], 3 * index)
      return pixels
    },
    new Uint8Array(width * height * 3),
  )
}

/** `count` pictures a class, with seeds that count on; named so that listing order is not sorted order. */
export async function classFiles(classes: readonly string[], count = 3): Promise<Files> {
  const files: Files = {}
  let seed = 0
  for (const name of classes) {
    for (let index = 0; index < count; index++) files[`${name}/${index}.png`] = await picture(seed++)
  }
  return files
}

/** The message of the error that a promise ends with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error) || error.name !== 'InputError')
    throw new Error(`no InputError, but ${String(error)}`)
  return error.message
}
