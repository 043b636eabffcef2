const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A name as UTF-8; nothing where it is none. */
export function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** What to call a name that is not UTF-8 in a message: other bytes than those of ASCII as `\xe9`. */
export function escapedName(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('')
}
