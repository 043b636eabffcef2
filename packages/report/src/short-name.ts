/** Letters that take about twice the room of a Latin one: East Asian ones and pictures. */
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What would break a line, turn the direction of what follows, or cannot be written. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu

/** A name in one line that leaves what follows it as it is. */
export function printableName(name: string): string {
  return name.replaceAll(unprintable, '\uFFFD')
}

/** The room that a name takes, in Latin letters. */
export function nameWidth(name: string): number {
  return lettersOf(name).reduce((sum, letter) => sum + letterWidth(letter), 0)
}

/** A name that takes no more room than so many Latin letters; one that is cut ends in an ellipsis. */
export function shortName(name: string, most: number): string {
  const printable = printableName(name)
  if (nameWidth(printable) <= most) return printable
  let room = most - 1
  let short = ''
  for (const letter of lettersOf(printable)) {
    room -= letterWidth(letter)
    if (room < 0) break
    short += letter
  }
  return `${short.trimEnd()}…`
}

function lettersOf(name: string): string[] {
  return Array.from(letters.segment(name), ({ segment }) => segment)
}

function letterWidth(letter: string): number {
  return wide.test(letter) ? 2 : 1
}
