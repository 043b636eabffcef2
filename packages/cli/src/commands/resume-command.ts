import type { RecipeCommandOptions } from './recipe-options.js'

/** The command that goes on with a run, as it is typed in a shell. */
export function resumeCommand(
  name: string,
  { cfg, device, threads, precision }: RecipeCommandOptions,
  overrides: readonly string[],
): string {
  const deviceWords = device === undefined ? [] : ['--device', String(device)]
  const threadWords = threads === undefined ? [] : ['--threads', String(threads)]
  const precisionWords = precision === undefined ? [] : ['--precision', precision]
  const engineWords = [...deviceWords, ...threadWords, ...precisionWords]
  const words = ['m2l', name, '--cfg', cfg, ...engineWords, '--resume', ...overrides]
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w./=,:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
