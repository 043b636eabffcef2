import { InputError } from '@m2l/engine'
import { assignState, mergeStates, prefixed, type AssignOptions, type StateDict } from '@m2l/nn'
import { asLevelsTakeThem, isBaseMean } from './base-mean-names.js'
import type { OwnCheckpoint, Tensors } from './own-checkpoint.js'

/**
 * Gives a model, and its optimiser, the values of a checkpoint that has been read. Nothing is assigned unless
 * all of it fits.
 *
 * @throws {InputError} when it is a checkpoint of another architecture
 */
export function assignCheckpoint(
  file: string,
  { model, optimiser }: Pick<OwnCheckpoint, 'model' | 'optimiser'>,
  into: { readonly model: StateDict; readonly optimiser?: StateDict },
  { optional }: Pick<AssignOptions, 'optional'> = {},
): void {
  if (into.optimiser) {
    const whole = mergeStates(prefixed('model', into.model), prefixed('optimiser', into.optimiser))
    const tensors = { ...prefixed('model', model), ...prefixed('optimiser', optimiser) }
    assignState(whole, tensors, file, { optional })
  } else {
    const tensors = asLevelsTakeThem(into.model, model)
    checkLevels(file, into.model, tensors)
    assignState(into.model, tensors, file, {
      optional: (name) => isBaseMean(name) || (optional?.(name) ?? false),
    })
  }
}

/**
 * Gives a backbone the values of a checkpoint that has been read, whatever else is in it.
 *
 * @throws {InputError} when it is of another architecture
 */
export function assignBackbone(
  file: string,
  { model }: Pick<OwnCheckpoint, 'model'>,
  backbone: StateDict,
  { optional }: Pick<AssignOptions, 'optional'> = {},
): void {
  assignState(backbone, model, file, { optional, prefix: 'encoder' })
}

/**
 * An encoder alone, perhaps with pretraining's classifier, is told apart from a model of another
 * architecture.
 */
function checkLevels(file: string, model: StateDict, tensors: Tensors): void {
  const firstOf = (name: string) => name.split('.')[0]!
  const present = new Set(Object.keys(tensors).map(firstOf))
  const missing = Object.keys(model).filter((name) => !present.has(firstOf(name)) && !isBaseMean(name))
  const hasEncoder = Object.keys(model).some(
    (name) => firstOf(name) === 'encoder' && Object.hasOwn(tensors, name),
  )
  const hasNoLevel = [...present].every((first) => first === 'encoder')
  if (missing.length === 0 || !hasEncoder || !hasNoLevel) return
  const levels = [...new Set(missing.map(firstOf))].join(', ')
  throw new InputError(
    `${file}: holds the weights of an encoder, but none of level ${levels}, which the model has too (${missing.slice(0, 2).join(', ')}…); train it from them (model.weights=${file}), or choose levels without weights, for example model.query=DN4`,
    { code: 'weights' },
  )
}
