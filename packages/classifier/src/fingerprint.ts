import { sha256 } from '@m2l/engine'

/** A text, or numbers as they lie in memory. */
export type Piece = string | ArrayBufferView

/** Names what all pieces together are: their SHA-256 in hexadecimal. */
export function fingerprintOf(...pieces: readonly Piece[]): string {
  return sha256(...pieces.map(bytesOf))
}

/** The same in base64, as digests of pictures are kept. */
export function digestOfPieces(...pieces: readonly Piece[]): string {
  const pairs = fingerprintOf(...pieces).match(/../g)!
  return btoa(String.fromCharCode(...pairs.map((pair) => Number.parseInt(pair, 16))))
}

function bytesOf(piece: Piece): Uint8Array {
  if (typeof piece === 'string') return new TextEncoder().encode(piece)
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
}
