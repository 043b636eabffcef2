import { BackboneRegistry } from '@m2l/backbones'
import { LevelRegistry, type LevelDefinition } from '@m2l/metric'
import { globalDefinition, relationDefinition } from '@m2l/metric-global'
import {
  cacheDefinition,
  centredDefinition,
  gdaDefinition,
  logisticDefinition,
  matchingDefinition,
  nearestMeanDefinition,
  probeDefinition,
  ridgeDefinition,
} from '@m2l/metric-head'
import { partDefinition } from '@m2l/metric-part'
import { alignmentDefinition, pixelDefinition } from '@m2l/metric-pixel'

/** The levels of these packages. */
const ownLevels = [
  partDefinition,
  pixelDefinition,
  globalDefinition,
  relationDefinition,
  alignmentDefinition,
  nearestMeanDefinition,
  logisticDefinition,
  ridgeDefinition,
  gdaDefinition,
  cacheDefinition,
  matchingDefinition,
  probeDefinition,
  centredDefinition,
] as LevelDefinition[]

/** What the names in a recipe can stand for. */
export interface KnownParts {
  readonly backbones: BackboneRegistry
  readonly levels: LevelRegistry
}

/** The backbones and levels of these packages. */
export function ownParts(): KnownParts {
  return { backbones: new BackboneRegistry(), levels: new LevelRegistry(ownLevels) }
}
