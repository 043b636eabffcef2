import { programName } from './program-name.js'

/** A command of this program as it is typed in a shell. */
export function commandLine(words: readonly string[]): string {
  return [programName(), ...words.map(quoted)].join(' ')
}

function quoted(word: string): string {
  return /^[\w./=,:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
