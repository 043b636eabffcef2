import type { Element } from 'xast'
import { x } from 'xastscript'
import { rounded } from './frame.js'

/** How a text looks. */
export interface TextStyle {
  /** In units; 13 if not given. */
  readonly size?: number
  readonly bold?: boolean
  readonly colour?: string
  readonly anchor?: 'start' | 'middle' | 'end'
}

/** Colours of texts: what matters, and what explains it. */
export const ink = { strong: '#1a1a1a', soft: '#666666' }

/** A line of text whose baseline starts at a point. */
export function textAt(left: number, baseline: number, content: string, style: TextStyle = {}): Element {
  const { size = 13, bold = false, colour = ink.strong, anchor = 'start' } = style
  return x(
    'text',
    {
      x: rounded(left),
      y: rounded(baseline),
      'font-size': size,
      fill: colour,
      ...(bold && { 'font-weight': 'bold' }),
      ...(anchor !== 'start' && { 'text-anchor': anchor }),
    },
    printable(content),
  )
}

/** At most so many characters of a text, the last an ellipsis where some are left out. */
export function shortened(content: string, most: number): string {
  const characters = [...new Intl.Segmenter().segment(content)].map(({ segment }) => segment)
  return characters.length <= most ? content : `${characters.slice(0, most - 1).join('')}…`
}

/** The end of a path, of at most so many characters, the first an ellipsis where some are left out. */
export function endOfPath(path: string, most: number): string {
  const characters = [...new Intl.Segmenter().segment(path)].map(({ segment }) => segment)
  return characters.length <= most ? path : `…${characters.slice(1 - most).join('')}`
}

/**
 * A text in lines that fit a width, as far as its words allow; glyphs count as 55 hundredths of the font's
 * size.
 */
export function wrapped(content: string, width: number, size: number): string[] {
  const most = Math.floor(width / (0.55 * size))
  const lines = ['']
  for (const word of content.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > most) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** A number with three significant digits, and a sign where it is wanted. */
export function figure(value: number, signed = false): string {
  const digits = Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3)
  const text = Number(digits) === 0 ? '0' : digits.includes('e') ? digits : String(Number(digits))
  return (signed && value > 0 && text !== '0' ? `+${text}` : text).replace('-', '−')
}

/** A probability in whole per cents, of which 0 and 100 are not rounded to. */
export function percentage(probability: number): string {
  const whole = Math.round(100 * probability)
  if (whole === 100 && probability < 1) return '> 99 %'
  if (whole === 0 && probability > 0) return '< 1 %'
  return `${whole} %`
}

/** Without what XML cannot hold, for example in the name of a file. */
function printable(content: string): string {
  return content.replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
}
