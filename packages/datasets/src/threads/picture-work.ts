import { type Fingerprint, fingerprintOfFile } from '../check/fingerprint.js'
import { type DecodedPicture, type DecodeOptions, tryDecode, type Undecodable } from '@m2l/pictures/pixels'
import type { RenderOptions, RgbImage, View } from '@m2l/pictures'

/** A picture file: its content, or the path to read it from. */
export type PictureFile = Uint8Array | string

/** A file that the operating system does not let us read. */
export interface Unreadable {
  readonly code?: string
  readonly message: string
}

/** What becomes of a picture file. */
export type Decoded = DecodedPicture | Undecodable | Unreadable

/** Pictures to decode; plain data, as are the results. */
export interface DecodeWork {
  readonly files: readonly PictureFile[]
  readonly options: DecodeOptions
}

/** Views to render; plain data. */
export interface RenderWork {
  readonly images: readonly RgbImage[]
  readonly views: readonly (readonly View[])[]
  readonly options: RenderOptions
}

/** Views to render into memory that threads share. */
export interface RenderWorkInto extends RenderWork {
  readonly memory: Float32Array
}

/**
 * Reads pictures one after the other, so that but one is in memory, and keeps what tells them from others.
 */
export async function fingerprintAll(
  { files, options }: DecodeWork,
  read: (path: string) => Uint8Array | Promise<Uint8Array>,
): Promise<(Fingerprint | Undecodable | Unreadable)[]> {
  const prints: (Fingerprint | Undecodable | Unreadable)[] = []
  for (const file of files) {
    const bytes = await bytesOf(file, read)
    prints.push('message' in bytes ? bytes : await fingerprintOfFile(bytes, options))
  }
  return prints
}

/** Reads and decodes pictures; a thread with nothing else to do reads at once, which is cheaper. */
export function decodeAll(
  { files, options }: DecodeWork,
  read: (path: string) => Uint8Array | Promise<Uint8Array>,
): Promise<Decoded[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = await bytesOf(file, read)
      return 'message' in bytes ? bytes : tryDecode(bytes, options)
    }),
  )
}

async function bytesOf(
  file: PictureFile,
  read: (path: string) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array | Unreadable> {
  try {
    return typeof file === 'string' ? await read(file) : file
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { message, ...(code !== undefined && { code }) }
  }
}
