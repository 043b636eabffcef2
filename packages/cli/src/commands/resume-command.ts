import type { RecipeCommandOptions } from './recipe-options.js'

/** The command that goes on with a run, as it is typed in a shell. */
export function resumeCommand(
  name: string,
  { cfg, device, threads }: RecipeCommandOptions,
  overrides: readonly string[],
): string {
  const deviceWords = device === undefined ? [] : ['--device', String(device)]
  const threadWords = threads === undefined ? [] : ['--threads', String(threads)]
  const words = ['m2l', name, '--cfg', cfg, ...deviceWords, ...threadWords, '--resume', ...overrides]
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w./=,:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
