import { InputError } from './input-error.js'

/**
 * The text of a file that a person has written or another program has saved: UTF-8, with or without a byte
 * order mark, or UTF-16 of either byte order with one. Nothing is guessed or replaced, since names in it are
 * compared letter by letter.
 *
 * @param name what to call the file in a message
 * @throws {InputError} naming file and line where the bytes are not such a text, or hold NUL
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const encoding = encodingOf(bytes)
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const line =
      encoding === 'utf-8'
        ? damagedUtf8Line(bytes)
        : lineOf(new TextDecoder(encoding).decode(bytes), '\ufffd')
    throw new InputError(
      `${name}: line ${line} is not ${encoding.toUpperCase()} text; save the file as UTF-8`,
      { code: 'file' },
    )
  }
  if (!text.includes('\0')) return text
  throw new InputError(
    `${name}: line ${lineOf(text, '\0')} holds NUL, as no UTF-8 text does; save the file as UTF-8`,
    { code: 'file' },
  )
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

/** The line of the first bytes that are not UTF-8: no byte of a longer character is that of a line's end. */
function damagedUtf8Line(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = endOfLine(bytes, start)
    try {
      decoder.decode(bytes.subarray(start, end))
    } catch {
      break
    }
    start = end
  }
  return line
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d]

/** Behind a line's end: LF, CR LF or CR. */
function endOfLine(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === lineFeed) return at + 1
    if (bytes[at] === carriageReturn) return bytes[at + 1] === lineFeed ? at + 2 : at + 1
  }
  return bytes.length
}

function lineOf(text: string, character: string): number {
  return text.slice(0, text.indexOf(character)).split(/\r\n|\n|\r/).length
}
