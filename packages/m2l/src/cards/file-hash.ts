import { createHash } from 'node:crypto'
import { readRegularFile } from '@m2l/engine-native'
import { z } from 'zod'

/** A SHA-256 in hexadecimal. */
export const sha256 = z.string().regex(/^[\da-f]{64}$/, 'expected 64 hexadecimal digits')

/** The SHA-256 of a file of weights, in hexadecimal. */
export async function fileHash(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readRegularFile(file))
    .digest('hex')
}
