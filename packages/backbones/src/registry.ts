import { InputError, type RandomKey } from '@m2l/engine'
import type { Backbone } from '@m2l/nn'
import { conv64FourPool } from './conv64-four-pool.js'
import { conv64 } from './conv64.js'
import { efficientNetLite } from './efficientnet-lite.js'
import { resNet12 } from './resnet12.js'

const backbones = {
  FourLayer_64F: (key: RandomKey) => conv64({ key }),
  FourLayer_64F_4x: (key: RandomKey) => conv64FourPool({ key }),
  R12: (key: RandomKey) => resNet12({ key }),
  'R12-pre': (key: RandomKey) => resNet12({ key, dropBlock: true }),
  'EfficientNet-Lite0': (key: RandomKey) => efficientNetLite({ variant: 0, key }),
  'EfficientNet-Lite1': (key: RandomKey) => efficientNetLite({ variant: 1, key }),
  'EfficientNet-Lite2': (key: RandomKey) => efficientNetLite({ variant: 2, key }),
} as const

/** The name of a backbone in a recipe. */
export type BackboneName = keyof typeof backbones

/** The names that `createBackbone` knows. */
export const backboneNames = Object.keys(backbones) as readonly BackboneName[]

/**
 * A new backbone of this name.
 *
 * @param key from which the weights are drawn
 * @throws {InputError} when no backbone has the name
 */
export function createBackbone(name: string, key: RandomKey): Backbone {
  if (!isBackboneName(name)) {
    throw new InputError(
      `${JSON.stringify(name)} is not a backbone; choose one of ${backboneNames.join(', ')}`,
    )
  }
  return backbones[name](key)
}

function isBackboneName(name: string): name is BackboneName {
  return Object.hasOwn(backbones, name)
}
