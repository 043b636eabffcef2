import type { ImageSplit } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { familiarClasses, learningSchema, type Learning } from './seen-classes.js'
import {
  describeDifferences,
  oneLine,
  settingDifferences,
  type SettingDifference,
  type Settings,
} from './settings.js'

/** What is done where weights contradict the recipe or the data that they are used with. */
export interface AgreementOptions {
  /** Take them nevertheless; without it they are refused. */
  readonly force?: boolean
  /** Told what a person should know of weights, a line each. */
  readonly onNote?: (line: string) => void
}

/** What weights say of themselves, compared with what they are used for. */
export interface Agreement {
  /**
   * Settings in which the recipe differs from them: how levels are fused, and, where that was forced, others.
   */
  readonly differences: readonly SettingDifference[]
  /**
   * What a person should know, a line each: contradictions that were forced, and what could not be compared.
   */
  readonly notes: readonly string[]
}

/** Collects what there is to say, and refuses what was not asked for. */
export class AgreementCheck implements Agreement {
  readonly differences: SettingDifference[] = []
  readonly notes: string[] = []
  readonly #file: string
  readonly #options: AgreementOptions
  #saysNothing = false

  /** @param file names the weights */
  constructor(file: string, options: AgreementOptions = {}) {
    this.#file = file
    this.#options = options
  }

  /**
   * Compares the settings that weights were stored with and those that they are used with. How levels are
   * fused is a choice that can be made anew after training, and is only told.
   *
   * @param stored nothing where weights came without
   * @param under what held them in their file, for those from elsewhere
   * @throws {InputError} naming each that differs, unless they are to be taken nevertheless
   */
  compareSettings(stored: Settings | undefined, asked: Settings, under: string | null = null): void {
    if (!stored) {
      this.#saysNothing = true
      this.note(
        `${under === null ? '' : `its weights are those under ${under}; it `}does not say how it was trained (settings, classes), so nothing could be compared with the recipe and the data`,
      )
      return
    }
    const differences = settingDifferences(stored, asked)
    this.differences.push(...differences)
    const [fused, contradicting] = [
      differences.filter(isOfFusion),
      differences.filter((one) => !isOfFusion(one)),
    ]
    if (fused.length > 0)
      this.note(`its levels were fused otherwise where it was trained: ${describeDifferences(fused)}`)
    if (contradicting.length === 0) return
    const changes = contradicting.flatMap(({ setting, stored: value }) =>
      value === null ? [] : [`${setting}=${JSON.stringify(value).replaceAll('"', '')}`],
    )
    this.#contradiction(
      `was trained with other settings than the recipe's: ${describeDifferences(contradicting)}`,
      `change the recipe (${changes.join(' ') || 'model.levels'}), name other weights`,
    )
  }

  /**
   * Looks for classes that weights have learned among those that should be new to them.
   *
   * @param learning what they learned from; nothing where they do not say
   * @param isAsked whether the split itself was asked for, as by a manifest of training episodes; it is then
   *   only told
   * @throws {InputError} when there are such classes, unless they are to be taken nevertheless
   */
  compareClasses(learning: Learning | undefined, split: ImageSplit, isAsked = false): void {
    if (!learning) {
      if (this.#saysNothing) return
      this.note(
        `does not say which classes it was trained on, so nobody can tell whether those of split ${split.name} are new to it`,
      )
      return
    }
    if (learning.some(({ kind }) => kind === 'unknown'))
      this.note('was trained from weights that do not say which classes they had learned')
    for (const { dataset, splits, classes } of learning) {
      if (dataset === undefined || splits || classes) continue
      this.note(
        `has learned ${dataset}, whose classes cannot be compared with those of split ${split.name}: where they are among them, the accuracy is not of new classes`,
      )
    }
    const learned = knownOf(learning, split, 'train')
    const chosen = knownOf(learning, split, 'val')
    if (learned.same.length > 0) {
      const found = `was trained on ${ofAll(learned.same, split)}`
      if (isAsked) this.note(`${found}: the accuracy is of what it has learned, not of new classes`)
      else this.#contradiction(`${found}, so they are not new to it`, 'evaluate on classes of another split')
    } else if (chosen.same.length > 0 && split.name !== 'val') {
      this.note(
        `was chosen among its epochs by ${ofAll(chosen.same, split)}, so its accuracy there is flattered`,
      )
    }
    if (learned.sameName.length > 0)
      this.note(
        `was trained on classes of the same names as ${ofAll(learned.sameName, split)}, from other pictures`,
      )
  }

  /** Says something of the weights. */
  note(text: string): void {
    const line = oneLine(`${this.#file}: ${text}`)
    this.notes.push(line)
    this.#options.onNote?.(line)
  }

  #contradiction(text: string, remedy: string): void {
    if (this.#options.force) return this.note(`${text}; taken nevertheless`)
    throw new InputError(`${this.#file}: ${text}; ${remedy}, or take them nevertheless with --force`)
  }
}

function isOfFusion({ setting }: SettingDifference): boolean {
  return setting === 'model.fusion' || /^model\.levels\.[^.]+\.(weight|temperature)$/.test(setting)
}

/** What weights learned from, as their metadata tell; nothing where they do not. */
export function learningOf(text: string | undefined): Learning | undefined {
  if (text === undefined) return undefined
  try {
    return learningSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The classes of a split that were among those of a split that weights learned from or were chosen by. */
function knownOf(learning: Learning, split: ImageSplit, from: 'train' | 'val') {
  const same = new Set<string>()
  const sameName = new Set<string>()
  for (const { splits, classes } of learning) {
    if (splits?.[from] === split.hash) for (const { name } of split.classes) same.add(name)
    const familiar = familiarClasses(split, classes?.[from] ?? '')
    for (const name of familiar.same) same.add(name)
    for (const name of familiar.sameName) sameName.add(name)
  }
  return { same: [...same], sameName: [...sameName].filter((name) => !same.has(name)) }
}

function ofAll(names: readonly string[], { name, classes }: ImageSplit): string {
  const shown = names
    .slice(0, 3)
    .map((one) => one.replaceAll(/\p{Cc}/gu, '?'))
    .join(', ')
  return `${names.length} of the ${classes.length} classes of split ${name} (${shown}${names.length > 3 ? ', …' : ''})`
}
