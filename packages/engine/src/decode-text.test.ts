import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeText, InputError } from './index.js'

const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeText(bytes, 'labels.csv')
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('it was decoded')
}

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

const texts = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !text.includes('\0') && !text.startsWith('\ufeff'))

describe('decodeText', () => {
  test('gives back any text in any of the encodings', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(decodeText(Buffer.from(text), 'a')).toBe(text)
        expect(decodeText(Buffer.from(`\ufeff${text}`), 'a')).toBe(text)
        expect(decodeText(Buffer.from(`\ufeff${text}`, 'utf16le'), 'a')).toBe(text)
        expect(decodeText(utf16be(`\ufeff${text}`), 'a')).toBe(text)
      }),
    )
  })

  test.each([
    ['Windows-1251', Buffer.from('name\r\n\xf0\xee\xe7\xe0', 'latin1'), 2],
    ['GBK', Buffer.from('a\nb\n\xc3\xb5\xb9\xe5', 'latin1'), 3],
    ['Latin-1', Buffer.from('caf\xe9,1\n', 'latin1'), 1],
    ['lines that end with CR', Buffer.from('a\rb\r\xff', 'latin1'), 3],
    ['a cut off character', Buffer.from('a\né').subarray(0, 3), 2],
  ])('%s is refused with its line', (_, bytes, line) => {
    expect(messageOf(bytes)).toBe(`labels.csv: line ${line} is not UTF-8 text; save the file as UTF-8`)
  })

  test('UTF-16 without its mark, UTF-32 and broken UTF-16 are refused', () => {
    expect(messageOf(Buffer.from('ab\ncd', 'utf16le'))).toContain('line 1 holds NUL')
    expect(messageOf(Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]))).toContain('line 1 holds NUL')
    expect(messageOf(Buffer.from('\ufeffa\n\ud800', 'utf16le'))).toContain('line 2 is not UTF-16LE text')
  })
})
