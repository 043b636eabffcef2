import type { StateDict } from '@m2l/nn'
import type { Tensors } from './own-checkpoint.js'

/**
 * What a checkpoint of pretraining calls the mean feature of its classes, and the number of images that it is
 * of.
 */
export const baseNames = { base_mean: 'base.mean', base_images: 'base.images' } as const

/**
 * Whether levels ask for the mean feature of the classes that the backbone was trained on, as
 * `<level>.base_mean`.
 */
export function asksForBaseMean(state: StateDict): boolean {
  return Object.keys(state).some(isBaseMean)
}

/**
 * The tensors of a checkpoint as a model with levels takes them: those of the mean feature under the names of
 * the levels that ask for them, and nothing that only pretraining needs.
 *
 * @param model whose names are wanted
 */
export function asLevelsTakeThem(model: StateDict, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(
    ([name]) => Object.hasOwn(model, name) || !/^(classifier|base)\./.test(name),
  )
  const filled = Object.keys(model).flatMap((name) => {
    const tensor = tensors[baseNames[levelName(name) as keyof typeof baseNames]]
    return tensor && !Object.hasOwn(tensors, name) ? [[name, tensor] as const] : []
  })
  return Object.fromEntries([...own, ...filled])
}

/** Whether a level can be without this tensor until it asks for it. */
export function isBaseMean(name: string): boolean {
  return levelName(name) in baseNames
}

/** The name of a tensor of a level without the level's. */
function levelName(name: string): string {
  return name.slice(name.indexOf('.') + 1)
}
