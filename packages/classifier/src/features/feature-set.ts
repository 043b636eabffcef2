import { InputError } from '@m2l/engine'
import type { EmbeddedField } from '@m2l/model'
import type { FeatureRange } from '../choice/fit-heads.js'
import { chooseImages } from '../embedding/embedded-images.js'

/** Features of pictures with their names and labels. */
export interface FeatureSet {
  /** What messages call it: its file. */
  readonly source: string
  /** [pictures, height, width, channels]; of one position where the features are pooled. */
  readonly map: EmbeddedField
  /** What each picture is called. */
  readonly names: readonly string[]
  /** The class of each picture; null where none is known. */
  readonly labels: readonly (string | null)[]
  /**
   * Which of the numbers are of which stage of the network, where there are several, so that each gets a head
   * of its own.
   */
  readonly ranges?: readonly FeatureRange[]
  /** The fingerprint of the model that made them, where that is known. */
  readonly model?: string
  /** The weights of that model, likewise. */
  readonly weights?: string
}

/** A picture that is given as its features. */
export interface GivenFeatures {
  /** What messages call it. */
  readonly name: string
  /** [1, height, width, channels] */
  readonly features: EmbeddedField
  /** The fingerprint of the model that made them, where that is known. */
  readonly model?: string
}

/** Whether a picture is given as its features. */
export function isFeatures(image: unknown): image is GivenFeatures {
  return typeof image === 'object' && image !== null && 'features' in image
}

/** A picture of a set, as its features. */
export function featuresAt({ map, names, model }: FeatureSet, position: number): GivenFeatures {
  return {
    name: names[position]!,
    features: chooseImages({ map }, [position]).map!,
    model,
  }
}

/**
 * The pictures of a set by their labels, in the order in which these come first.
 *
 * @throws {InputError} when a picture has no label
 */
export function labelledFeatures(set: FeatureSet): ReadonlyMap<string, readonly GivenFeatures[]> {
  const classes = new Map<string, GivenFeatures[]>()
  for (const [position, label] of set.labels.entries()) {
    if (label === null) {
      throw new InputError(
        `${set.source}: ${set.names[position]} has no label; examples need the label of their class`,
      )
    }
    const ofClass = classes.get(label)
    if (ofClass) ofClass.push(featuresAt(set, position))
    else classes.set(label, [featuresAt(set, position)])
  }
  return classes
}
