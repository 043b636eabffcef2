import { z } from 'zod'
import { conv64FourPool } from './conv64-four-pool.js'
import { conv64 } from './conv64.js'
import { defineBackbone, type BackboneDefinition, type BackboneInput } from './definition.js'
import { efficientNetLite, liteResolution, type EfficientNetLiteVariant } from './efficientnet-lite.js'
import { liteName } from './efficientnet-lite-names.js'
import { resNet12 } from './resnet12.js'

const none = z.object({})

/**
 * As published: the Conv-64F encoders see the picture as a square, ResNet-12 a crop of one that is a little
 * larger.
 */
const asSquare: BackboneInput = { size: 84, normalisation: 'imagenet', frame: 'square' }
const asCrop: BackboneInput = { size: 84, normalisation: 'imagenet', frame: { square: 92 / 84 } }

/** As the published weights were trained: the whole picture as a square, whatever its shape. */
const lite = (variant: EfficientNetLiteVariant) =>
  defineBackbone({
    name: `EfficientNet-Lite${variant}`,
    options: z.object({ drop_connect: z.number().min(0).lt(1).default(0) }),
    input: { size: liteResolution(variant), normalisation: 'efficientnet-lite', frame: 'square' },
    ownName: (published) => liteName(variant, published),
    create: ({ drop_connect }, { key }) => efficientNetLite({ variant, key, dropConnect: drop_connect }),
  })

/** The backbones of this package. */
export const ownBackbones = [
  defineBackbone({
    name: 'FourLayer_64F',
    options: none,
    input: asSquare,
    create: (_, { key }) => conv64({ key }),
  }),
  defineBackbone({
    name: 'FourLayer_64F_4x',
    options: none,
    input: asSquare,
    create: (_, { key }) => conv64FourPool({ key }),
  }),
  defineBackbone({
    name: 'R12',
    options: none,
    input: asCrop,
    create: (_, { key }) => resNet12({ key }),
  }),
  defineBackbone({
    name: 'R12-pre',
    options: none,
    input: asCrop,
    network: 'R12',
    create: (_, { key }) => resNet12({ key, dropBlock: true }),
  }),
  lite(0),
  lite(1),
  lite(2),
] as readonly BackboneDefinition[]
