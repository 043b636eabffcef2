import type { Instruction } from './instructions.js'
import { PickleError } from './pickle-error.js'
import { narrowed } from './pickle-input.js'

/** The instructions whose argument is a line of text: those of protocol 0, and names before protocol 4. */
export const textInstructions: Readonly<Record<number, Instruction>> = {
  0x49: (machine, input) => machine.push(integerOrTruth(input.shortLine())), // INT
  0x4c: (machine, input) => machine.push(integer(input.shortLine().replace(/L$/, ''))), // LONG
  0x46: (machine, input) => machine.push(float(input.shortLine())), // FLOAT
  0x53: (machine, input) => machine.push(byteString(input.line())), // STRING
  0x56: (machine, input) => machine.push(unicode(input.line())), // UNICODE
  0x70: (machine, input) => machine.memoize(memoKey(input.shortLine())), // PUT
  0x67: (machine, input) => machine.recall(memoKey(input.shortLine())), // GET
  0x63: (machine, input) => machine.push(machine.global(input.shortLine(), input.shortLine())), // GLOBAL
  0x69: (machine, input) => {
    const maker = machine.global(input.shortLine(), input.shortLine())
    machine.make(maker, machine.popToMark())
  }, // INST
  0x50: (machine, input) => machine.persistent(input.shortLine()), // PERSID
}

function integerOrTruth(line: string): number | bigint | boolean {
  if (line === '00') return false
  return line === '01' ? true : integer(line)
}

function integer(line: string): number | bigint {
  if (!/^-?\d+$/.test(line)) throw new PickleError('it holds a number that is none')
  return narrowed(BigInt(line))
}

function float(line: string): number {
  const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity }
  const value = Object.hasOwn(special, line) ? special[line]! : Number(line.trim() === '' ? 'none' : line)
  if (Number.isNaN(value) && line !== 'nan') throw new PickleError('it holds a number that is none')
  return value
}

function memoKey(line: string): number {
  const key = integer(line)
  if (typeof key !== 'number' || key < 0) throw new PickleError('it numbers a value in a way that is none')
  return key
}

const backslash = 0x5c

/** A byte string as Python's `repr` writes it (Python language reference, "String and Bytes literals"). */
function byteString(line: Buffer): Buffer {
  const quote = line[0]
  if (line.length < 2 || line.at(-1) !== quote || (quote !== 0x22 && quote !== 0x27)) {
    throw new PickleError('it holds a byte string without quotes')
  }
  const bytes = Buffer.alloc(line.length - 2)
  let length = 0
  for (let at = 1; at < line.length - 1;) {
    if (line[at] !== backslash) bytes[length++] = line[at++]!
    else {
      const escape = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([abtnvfr\\'"]))/.exec(
        line.toString('latin1', at, Math.min(at + 4, line.length - 1)),
      )
      if (!escape) throw new PickleError('it holds a byte string with an escape that is none')
      const [whole, hex, octal, letter = ''] = escape
      if (hex !== undefined) bytes[length++] = parseInt(hex, 16)
      else if (octal !== undefined) bytes[length++] = parseInt(octal, 8)
      else bytes[length++] = escapedCharacters[letter] ?? letter.charCodeAt(0)
      at += whole.length
    }
  }
  return Buffer.from(bytes.subarray(0, length))
}

const escapedCharacters: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
}

/** Characters of latin-1, and others by their number (Python's codec `raw_unicode_escape`). */
function unicode(line: Buffer): string {
  return line
    .toString('latin1')
    .replaceAll(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short: string | undefined, long: string) =>
      character(parseInt(short ?? long, 16)),
    )
}

function character(code: number): string {
  if (code > 0x10ffff) throw new PickleError('it holds a character that is none')
  return String.fromCodePoint(code)
}
