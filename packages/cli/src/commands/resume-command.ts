import { commandLine } from '../shell-words.js'
import type { RecipeCommandOptions } from './recipe-options.js'

/** The command that goes on with a run, as it is typed in a shell. */
export function resumeCommand(
  name: string,
  { cfg, device, threads, precision, force, onNan }: RecipeCommandOptions & { readonly onNan?: string },
  overrides: readonly string[],
): string {
  const deviceWords = device === undefined ? [] : ['--device', String(device)]
  const threadWords = threads === undefined ? [] : ['--threads', String(threads)]
  const precisionWords = precision === undefined ? [] : ['--precision', precision]
  const onNanWords = onNan === undefined ? [] : ['--on-nan', onNan]
  const forceWords = force ? ['--force'] : []
  const optionWords = [...deviceWords, ...threadWords, ...precisionWords, ...onNanWords, ...forceWords]
  return commandLine([name, '--cfg', cfg, ...optionWords, '--resume', ...overrides])
}
