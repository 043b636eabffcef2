/** Letters that take about twice the room of a Latin one: East Asian ones and pictures. */
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The room that a name takes, in Latin letters. */
export function nameWidth(name: string): number {
  return lettersOf(name).reduce((sum, letter) => sum + letterWidth(letter), 0)
}

/** A name that takes no more room than so many Latin letters; one that is cut ends in an ellipsis. */
export function shortName(name: string, most: number): string {
  if (nameWidth(name) <= most) return name
  let room = most - 1
  let short = ''
  for (const letter of lettersOf(name)) {
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
