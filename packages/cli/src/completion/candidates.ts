import type { Command, Option } from 'commander'
import { recipeFiles } from './recipe-files.js'
import type { Candidate } from './shell-script.js'

const fetchableNames = async () => (await import('@m2l/weights')).fetchableNames

const weightsNames = async () => {
  const { fetchableNames: fetchable, shippedNames } = await import('@m2l/weights')
  return [...shippedNames, ...fetchable]
}

/** What may stand for values that are not fixed: by an option's or an argument's name within a command. */
const knownValues: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  '--cfg': () => recipeFiles('.'),
  '--device': async () => ['cpu', 'gpu'],
  '--weights': weightsNames,
  '--checkpoint': weightsNames,
  '--split': async () => (await import('@m2l/datasets')).shippedSplits(),
  'get name': fetchableNames,
  'prepare name': async () => (await import('@m2l/datasets')).preparableNames,
}

/**
 * What may stand in the place of the last word: commands, options, values. None where it may be any text or
 * file.
 *
 * @param words those after the program's name, the last one as far as it is typed
 */
export async function candidatesFor(program: Command, words: readonly string[]): Promise<Candidate[]> {
  const [typed, before] = [words.at(-1) ?? '', unsplit(words.slice(0, -1))]
  const { command, position, awaiting } = placeOf(program, before)
  const [, long, partOfValue] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? []
  const option = awaiting ?? (long === undefined ? undefined : optionOf(command, long))
  if (option) {
    const values = await valuesOf(option.long ?? '', option.argChoices)
    const prefix = awaiting ? '' : `${long}=`
    return startingWith(awaiting ? typed.replace(/^=$/, '') : partOfValue!, values.map(plain)).map(
      ({ word }) => ({
        word: prefix + word,
      }),
    )
  }
  if (typed.startsWith('-')) {
    const options = [...command.createHelp().visibleOptions(command)].filter(({ hidden }) => !hidden)
    return startingWith(
      typed,
      options.map(({ long: name, short, description }) => ({ word: name ?? short!, description })),
    )
  }
  const argument = command.registeredArguments[position] ?? command.registeredArguments.at(-1)
  const values = argument ? await valuesOf(`${command.name()} ${argument.name()}`, argument.argChoices) : []
  const commands = command.createHelp().visibleCommands(command)
  return startingWith(typed, [
    ...commands.map((inner) => ({ word: inner.name(), description: inner.description() })),
    ...values.map(plain),
  ])
}

/** bash takes `--option=value` for three words. */
function unsplit(words: readonly string[]): string[] {
  return words.filter((word, index) => word !== '=' || !words[index - 1]?.startsWith('--'))
}

interface Place {
  readonly command: Command
  /** How many arguments of the command have been typed. */
  readonly position: number
  /** The option whose value comes next. */
  readonly awaiting?: Option
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program
  let position = 0
  let awaiting: Option | undefined
  for (const word of words) {
    if (awaiting) {
      awaiting = undefined
      continue
    }
    if (word.startsWith('-')) {
      const option = word.includes('=') ? undefined : optionOf(command, word)
      if (option?.required) awaiting = option
      continue
    }
    const inner = position === 0 ? command.commands.find((one) => one.name() === word) : undefined
    if (inner) command = inner
    else position++
  }
  return { command, position, awaiting }
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => word === long || word === short)
}

async function valuesOf(name: string, choices: readonly string[] | undefined): Promise<readonly string[]> {
  return choices ?? (await knownValues[name]?.()) ?? []
}

function plain(word: string): Candidate {
  return { word }
}

function startingWith(typed: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed))
}
