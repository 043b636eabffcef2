import type { Command, Option } from 'commander'
import { closest, distance } from 'fastest-levenshtein'

/**
 * Refuses words that commander would misunderstand or pass over: an unknown command is told before its
 * options, an unknown option before a missing one, a value that is an option itself, an empty one or none of
 * those that there are, an option or a key of a recipe that is given twice.
 *
 * @param words those after the program's name
 * @throws {CommanderError} after it has been told in one line
 */
export function checkWords(program: Command, words: readonly string[]): void {
  let command = program
  const given = new Set<Option>()
  const keys = new Map<string, string>()
  let position = 0
  let onlyArguments = false
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (word === '--' && !onlyArguments) {
      onlyArguments = true
      continue
    }
    if (onlyArguments || !isOption(word)) {
      const inner = onlyArguments ? undefined : command.commands.find((one) => one.name() === word)
      if (inner && command.registeredArguments.length === 0) command = inner
      else if (isUnknownCommand(command, word)) refuseCommand(command, word)
      else checkArgument(command, word, { position: position++, keys })
      continue
    }
    const { option, value } = optionOf(command, word)
    if (!option) {
      if (isHelp(word)) return
      continue
    }
    if (value !== undefined && !takesValue(option)) {
      refuse(command, `option '${option.flags}' takes no value, but is given '${value}'`)
    }
    if (!option.variadic && takesValue(option) && given.has(option)) {
      refuse(command, `option '${option.flags}' is given twice; leave one`)
    }
    given.add(option)
    if (value !== undefined) checkValue(command, option, value)
    else if (option.required) index = checkValues(command, option, words, index + 1)
    else if (option.optional && words[index + 1] !== undefined && !isOption(words[index + 1]!))
      checkValue(command, option, words[++index]!)
  }
}

/** @returns the position of the last value */
function checkValues(command: Command, option: Option, words: readonly string[], start: number): number {
  const first = words[start]
  if (first === undefined || optionOf(command, first, false).option || first.startsWith('--')) {
    refuse(command, `option '${option.flags}' has no value`)
  }
  checkValue(command, option, first)
  let end = start
  while (option.variadic && end + 1 < words.length && !isOption(words[end + 1]!)) {
    end++
    checkValue(command, option, words[end]!)
  }
  return end
}

function checkValue(command: Command, option: Option, value: string): void {
  if (value === '') refuse(command, `option '${option.flags}' has an empty value`)
  checkChoice(command, value, option.argChoices, `option '${option.flags}' argument '${value}' is invalid`)
}

/**
 * Refuses what is none of the values that there are, with the one that may be meant, as commander does for
 * options.
 */
function checkChoice(
  command: Command,
  value: string,
  choices: readonly string[] | undefined,
  what: string,
): void {
  if (!choices || choices.includes(value)) return
  const near = closest(value.toLowerCase(), choices)
  const meant =
    distance(value.toLowerCase(), near) <= Math.ceil(value.length / 3) ? ` (Did you mean ${near}?)` : ''
  refuse(command, `${what}. Allowed choices are ${choices.join(', ')}${meant}`)
}

function checkArgument(
  command: Command,
  word: string,
  { position, keys }: { position: number; keys: Map<string, string> },
): void {
  if (word === '') refuse(command, 'a word is empty')
  const all = command.registeredArguments
  const argument = all[position] ?? all.at(-1)
  if (command.commands.length === 0 && (!argument || (position >= all.length && !argument.variadic))) {
    refuse(command, `'${word}' was not expected`)
  }
  checkChoice(
    command,
    word,
    argument?.argChoices,
    `command-argument value '${word}' is invalid for argument '${argument?.name()}'`,
  )
  if (argument?.name() !== 'key=value') return
  const key = word.split('=', 1)[0]!
  // what narrows down an earlier one is taken, as in model.levels={global: {}} model.levels.global.weight=2
  for (const [earlier, before] of keys) {
    if (`${earlier}.`.startsWith(`${key}.`))
      refuse(command, `${earlier} is given twice, by ${before} and by ${word}; leave one`)
  }
  keys.set(key, word)
}

/** The option that a word names, and the value that is attached to it; an unknown one is refused. */
function optionOf(command: Command, word: string, refuses = true): { option?: Option; value?: string } {
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [word, word]
  for (const option of command.options) {
    if (name === option.long || word === option.short) return { option, value }
    if (option.short && takesValue(option) && word.startsWith(option.short) && !word.startsWith('--')) {
      return { option, value: word.slice(option.short.length) }
    }
  }
  if (!refuses || isHelp(word)) return {}
  if (!word.startsWith('--')) {
    const isMeant = command.options.some(({ long }) => long === `-${word}`)
    refuse(
      command,
      `unknown option '${word}'; ${isMeant ? `write -${word}` : `if it is a file, write ./${word}`}`,
    )
  }
  ;(command as unknown as { unknownOption(flag: string): never }).unknownOption(name!)
  return {}
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function isOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-')
}

function isHelp(word: string): boolean {
  return word === '-h' || word === '--help'
}

function isUnknownCommand({ commands, registeredArguments }: Command, word: string): boolean {
  return word !== '' && word !== 'help' && commands.length > 0 && registeredArguments.length === 0
}

/** With the command that may be meant. */
function refuseCommand(command: Command, word: string): void {
  const inner = command as unknown as { args: string[]; unknownCommand(): never }
  inner.args = [word]
  inner.unknownCommand()
}

function refuse(command: Command, message: string): never {
  command.error(`error: ${message}`, { exitCode: 2, code: 'm2l.words' })
}
