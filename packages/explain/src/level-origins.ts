import type { Size } from '@m2l/pictures'
import type { EmbeddingField, ImageContributions, ScoreExplanation } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import type { FewShotModel, ImageTransforms } from '@m2l/model'
import { Evidence } from './evidence.js'
import type { PicturePlaces, PlaceMatch, ScoreOrigin } from './explanation.js'
import { placesOf } from './places.js'

/** What of a picture its places depend on. */
export interface SeenPicture {
  readonly name: string
  readonly size: Size
}

/** The pictures of which a level's explanations speak, and how they were seen. */
export interface SeenPictures {
  readonly model: FewShotModel
  readonly transforms: ImageTransforms
  readonly query: SeenPicture
  /** In the order of the support's rows. */
  readonly supports: readonly SeenPicture[]
  readonly unlabelled: readonly SeenPicture[]
}

/** Takes a level's explanations from positions of embeddings to places in pictures. */
export class LevelOrigins {
  readonly #explanations: readonly ScoreExplanation[]
  readonly #evidence: Evidence
  readonly #pictures: SeenPictures

  /** @param explanations of one query for every class */
  constructor(explanations: readonly ScoreExplanation[], pictures: SeenPictures) {
    this.#explanations = explanations
    this.#evidence = new Evidence(explanations)
    this.#pictures = pictures
  }

  /** Where the score of a class came from. */
  of(label: number): ScoreOrigin {
    const { query, support, matches } = this.#explanations[label]!
    const ofSupport = this.#evidence.ofSupport(label)
    return {
      query: {
        pictures: query.images.map((image) =>
          this.#placed(label, this.#pictures.query, image, this.#evidence.ofQuery(label)),
        ),
        rest: query.rest,
      },
      support: {
        pictures: support.images.map((image, index) =>
          this.#placed(label, this.#supportPicture(image), image, ofSupport[index]!),
        ),
        rest: support.rest,
      },
      ...(matches && { matches: this.#matches(label) }),
    }
  }

  #placed(
    label: number,
    picture: SeenPicture,
    { image, unlabelled, values }: ImageContributions,
    evidence: readonly number[],
  ): PicturePlaces {
    const regions = this.#regions(label, picture)
    return {
      picture: picture.name,
      index: image,
      ...(unlabelled && { unlabelled }),
      places: values.map((contribution, position) => ({
        region: regions[position]!,
        contribution,
        evidence: evidence[position]!,
      })),
    }
  }

  #matches(label: number): PlaceMatch[] {
    const { matches = [] } = this.#explanations[label]!
    const evidence = this.#evidence.ofMatches(label)
    const ofQuery = this.#regions(label, this.#pictures.query)
    return matches
      .map(({ query, image, support, similarity, contribution }, index) => {
        const picture = this.#pictures.supports[image]!
        return {
          query: ofQuery[query]!,
          support: this.#regions(label, picture)[support]!,
          picture: picture.name,
          index: image,
          similarity,
          contribution,
          evidence: evidence[index]!,
        }
      })
      .sort((a, b) => b.evidence - a.evidence)
  }

  #supportPicture({ image, unlabelled }: ImageContributions): SeenPicture {
    return (unlabelled ? this.#pictures.unlabelled : this.#pictures.supports)[image]!
  }

  readonly #known = new Map<string, Region[]>()

  #regions(label: number, { size }: SeenPicture): Region[] {
    const field: EmbeddingField = this.#explanations[label]!.field
    const key = `${field} ${size.height}x${size.width}`
    const known = this.#known.get(key)
    if (known) return known
    const { model, transforms } = this.#pictures
    const regions = placesOf(field, model, transforms, size)
    this.#known.set(key, regions)
    return regions
  }
}
