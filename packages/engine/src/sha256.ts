import { sha256 as hash } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/**
 * The SHA-256 of pieces of bytes that lie one after the other, at once; WebCrypto has it only later.
 *
 * @returns 64 hexadecimal digits
 */
export function sha256(...pieces: readonly Uint8Array[]): string {
  const digest = hash.create()
  for (const piece of pieces) digest.update(piece)
  return bytesToHex(digest.digest())
}
