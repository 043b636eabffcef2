import type { StateDict } from '@m2l/nn'
import type { StoredCheckpoint } from '@m2l/trainer'
import { type CheckedRecipe, recipeLevels, type StoredRecipe, type Tensors } from '@m2l/model'
import type { Settings } from '../agreement/settings.js'

/**
 * Levels that can be used with the numbers that they begin with: all that they learn is a scale of scores.
 */
const usableAsBegun: ReadonlySet<string> = new Set(['ridge'])

/** What a recipe with other levels than those of some weights takes of them. */
export interface LevelsTaken {
  /** The weights' tensors without those of levels that the recipe lacks. */
  readonly tensors: Tensors
  /** What of a model's state these are for. */
  stateOf(state: StateDict): StateDict
  /** What both say of the model: of levels only of those that both have. */
  shared(settings: Settings): Settings
  /**
   * What differs, as words that follow the name of the weights; nothing where that is nothing for a model of
   * this state.
   */
  noteFor(state: StateDict): string | undefined
}

/**
 * The levels of a recipe and those of weights, by name: those that only the weights have are left out, those
 * that only the recipe has begin as they are where that can be used, and otherwise lack their numbers when
 * these are assigned.
 *
 * @param stored the recipe of the weights, if they have one
 */
export function levelsTaken(
  { model }: Pick<StoredCheckpoint, 'model'>,
  stored: StoredRecipe | undefined,
  { resolved }: Pick<CheckedRecipe, 'resolved'>,
): LevelsTaken {
  const asked = resolved.levels.map(({ definition }) => definition.name)
  const { levels } = resolved.known
  const written = stored && Object.keys(recipeLevels(stored.values))
  const withTensors = new Set(Object.keys(model).map(levelOf))
  const ofWeights = written ?? levels.names.filter((name) => withTensors.has(name))
  const [leftOut, added] = [without(ofWeights, asked), without(asked, ofWeights)]
  const begun = new Set(added.filter((name) => usableAsBegun.has(name) && !withTensors.has(name)))
  const isSame = leftOut.length === 0 && (added.length === 0 || written === undefined)
  const isBegun = (name: string) => begun.has(levelOf(name))
  return {
    tensors: Object.fromEntries(Object.entries(model).filter(([name]) => !leftOut.includes(levelOf(name)))),
    stateOf: (state) => Object.fromEntries(Object.entries(state).filter(([name]) => !isBegun(name))),
    shared: (settings) => (isSame ? settings : ofLevels(settings, without(asked, added))),
    noteFor: (state) =>
      isSame && !Object.keys(state).some(isBegun) ? undefined : describe({ asked, added, leftOut }),
  }
}

const levelOf = (name: string): string => name.split('.')[0]!

const without = (names: readonly string[], others: readonly string[]): string[] =>
  names.filter((name) => !others.includes(name))

/** Settings without those of levels that are not compared, and of what only these see. */
function ofLevels(settings: Settings, names: readonly string[]): Settings {
  const isCompared = (key: string) => {
    if (key.startsWith('model.levels.')) return names.includes(key.split('.')[2]!)
    if (key === 'model.forward_encoding' || key === 'model.parts') return names.includes('part')
    return key !== 'model.fusion'
  }
  return Object.fromEntries(Object.entries(settings).filter(([key]) => isCompared(key)))
}

function describe(of: Readonly<Record<'asked' | 'added' | 'leftOut', readonly string[]>>): string {
  const { asked, added, leftOut } = of
  const taken = added.length === asked.length ? 'its encoder alone is taken' : 'the rest is taken'
  const called = (names: readonly string[]) => `${names.length > 1 ? 'levels' : 'level'} ${names.join(', ')}`
  return leftOut.length === 0
    ? `was trained without ${called(added)}, by which the recipe compares`
    : `its ${called(leftOut)} ${leftOut.length > 1 ? 'are' : 'is'} left out, since the recipe compares by ${asked.join(', ')}: ${taken}`
}
