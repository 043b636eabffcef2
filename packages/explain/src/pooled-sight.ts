import { tf } from '@m2l/engine'
import {
  PooledGradients,
  rowsOfClasses,
  type FeatureGradient,
  type MetricLevel,
  type Support,
} from '@m2l/metric'
import type { Region } from '@m2l/nn'
import { renderImages, unpooledMaps, type StagePooling, type UnpooledMaps } from '@m2l/model'
import type { PicturePlaces, PlaceSum } from './explanation.js'
import { pictureRegion } from './picture-region.js'
import { cells, everything } from './places.js'
import { contributionsOf, pooledMap, type PooledMap } from './pooled-places.js'
import {
  picturesAtOnce,
  type ExplainerOptions,
  type NamedPicture,
  type Origins,
  type SeenQuery,
  type SeenView,
  type Sight,
} from './sight.js'

/** A picture as it was seen: for each of its views the maps of all stages. */
interface SeenMaps {
  readonly name: string
  readonly views: readonly (readonly PooledMap[])[]
}

/** How pictures become maps, and these features. */
interface Look extends Pick<StagePooling, 'window'> {
  readonly maps: UnpooledMaps
}

/** Which of the channels of a picture's feature are which stage's. */
type ChannelRange = readonly [start: number, end: number]

/**
 * Sees pictures as pooled features, and keeps the maps that they are made of: levels compare features, and
 * what comes of a position is told by how scores change with these, see {@link contributionsOf}.
 */
export class PooledSight implements Sight {
  readonly support: Support
  readonly #options: ExplainerOptions
  readonly #look: Look
  readonly #supports: readonly SeenMaps[]
  readonly #gradients = new Map<MetricLevel, PooledGradients>()

  private constructor(options: ExplainerOptions, look: Look, supports: readonly SeenMaps[]) {
    const { classes, drawnShots } = options
    this.#options = options
    this.#look = look
    this.#supports = supports
    this.support = {
      map: featuresOf(supports),
      shots: classes.map(({ pictures }) => pictures.length),
      ...(drawnShots !== undefined && { drawnShots }),
    }
  }

  static async of(options: ExplainerOptions, encoding: StagePooling): Promise<PooledSight> {
    const labelled = options.classes.flatMap(({ pictures }) => pictures)
    const look = { window: encoding.window, maps: unpooledMaps(options.model) }
    try {
      return new PooledSight(options, look, await mapsOf(labelled, options, look))
    } catch (error) {
      look.maps.dispose()
      throw error
    }
  }

  async see(query: NamedPicture): Promise<SeenQuery> {
    const [seen] = await mapsOf([query], this.#options, this.#look)
    const embedding = { map: featuresOf([seen!]) }
    return {
      embedding,
      origins: async (level, labels) => this.#origins(level, { seen: seen!, ...embedding }, labels),
      dispose: () => tf.dispose(embedding.map),
    }
  }

  dispose(): void {
    tf.dispose(this.support.map)
    this.#look.maps.dispose()
    for (const gradients of this.#gradients.values()) gradients.dispose()
  }

  #gradientsOf(level: MetricLevel): PooledGradients {
    const known = this.#gradients.get(level) ?? new PooledGradients(level, this.support)
    this.#gradients.set(level, known)
    return known
  }

  async #origins(
    level: MetricLevel,
    { seen, map }: { readonly seen: SeenMaps; readonly map: tf.Tensor4D },
    labels: readonly number[],
  ): Promise<Origins | undefined> {
    if (level.needs.some((field) => field !== 'map')) return undefined
    const gradients = await this.#gradientsOf(level).of({ map }, labels)
    const stages = stagesSeen(
      seen,
      gradients.map(({ score }) => score),
    )
    const hasPlaces = stages.some(({ stage }) => seen.views[0]![stage]!.regions.length > 1)
    if (!hasPlaces && seen.views.length === 1) return undefined
    const rows = rowsOfClasses(this.support.shots)
    return new Map(
      labels.map((label, index) => {
        const { score, lead } = gradients[index]!
        const sumOf = (pictures: readonly PicturePlaces[]): PlaceSum => ({ pictures, rest: score.value })
        const places = (picture: SeenMaps, at: number, of: (one: FeatureGradient) => Float32Array) =>
          picturePlaces(picture, at, stages, { contribution: of(score), evidence: of(lead) })
        return [
          label,
          {
            query: sumOf([places(seen, 0, (one) => one.query)]),
            support: sumOf(
              rows[label]!.map((row, image) =>
                places(this.#supports[row]!, row, (one) => one.support[image]!),
              ),
            ),
            gradient: true,
          },
        ]
      }),
    )
  }
}

/** A level that looks at some stages alone has no places in the maps of others. */
function stagesSeen(
  { views: [maps] }: SeenMaps,
  gradients: readonly FeatureGradient[],
): { readonly stage: number; readonly channels: ChannelRange }[] {
  let start = 0
  const all = maps!.map(({ feature }, stage) => {
    const channels: ChannelRange = [start, start + feature.length]
    start = channels[1]
    return { stage, channels }
  })
  const seen = all.filter(({ channels }) =>
    gradients.some(({ query }) => query.subarray(...channels).some((value) => value !== 0)),
  )
  return seen.length > 0 ? seen : all
}

function picturePlaces(
  { name, views }: SeenMaps,
  index: number,
  stages: ReturnType<typeof stagesSeen>,
  gradient: { readonly contribution: Float32Array; readonly evidence: Float32Array },
): PicturePlaces {
  const places = views.flatMap((maps) =>
    stages.flatMap(({ stage, channels }) => {
      const map = maps[stage]!
      const of = (by: Float32Array) => contributionsOf(map, by.subarray(...channels), 1 / views.length)
      const [contributions, evidence] = [of(gradient.contribution), of(gradient.evidence)]
      return map.regions.map((region, position) => ({
        region,
        contribution: contributions[position]!,
        evidence: evidence[position]!,
      }))
    }),
  )
  return { picture: name, index, places }
}

/** @returns [pictures, 1, 1, channels] */
function featuresOf(pictures: readonly SeenMaps[]): tf.Tensor4D {
  const rows = pictures.map(({ views }) =>
    views[0]!.flatMap(({ feature }, stage) =>
      Array.from(feature, (_, channel) =>
        views.reduce((sum, maps) => sum + maps[stage]!.feature[channel]! / views.length, 0),
      ),
    ),
  )
  return tf.tensor4d(rows.flat(), [rows.length, 1, 1, rows[0]!.length])
}

async function mapsOf(
  pictures: readonly NamedPicture[],
  { transforms, views = wholeView }: ExplainerOptions,
  { window, maps }: Look,
): Promise<SeenMaps[]> {
  const seen: SeenMaps[] = []
  for (let start = 0; start < pictures.length; start += picturesAtOnce) {
    const some = pictures.slice(start, start + picturesAtOnce)
    const viewsOf = some.map(({ picture }) => views(picture))
    const all = viewsOf.flat()
    const rendered = await renderImages(
      all.map(({ picture }) => picture),
      transforms,
      ['whole'],
    )
    const stages = await maps(rendered)
    const mapsOfView = (view: number): PooledMap[] =>
      stages.map(({ shape, data }) => {
        const [, height, width, channels] = shape as [number, number, number, number]
        const size = height * width * channels
        const regions = cells([height, width], [height, width]).map((cell) =>
          inPicture(cell, all[view]!, transforms),
        )
        const own = data.subarray(view * size, (view + 1) * size)
        return pooledMap(own, [height, width, channels], window, regions)
      })
    let first = 0
    for (const [index, { name }] of some.entries()) {
      const own = viewsOf[index]!.map((_, view) => mapsOfView(first + view))
      first += own.length
      seen.push({ name, views: own })
    }
  }
  return seen
}

function wholeView(picture: SeenView['picture']): SeenView[] {
  return [{ picture, region: everything }]
}

/** Where a region of what the network sees of a view lies in the picture. */
function inPicture(
  region: Region,
  { picture, region: view }: SeenView,
  { whole }: ExplainerOptions['transforms'],
): Region {
  const { top, bottom, left, right } = pictureRegion(region, whole(picture)[0]!, picture)
  const down = (share: number) => view.top + share * (view.bottom - view.top)
  const across = (share: number) => view.left + share * (view.right - view.left)
  return { top: down(top), bottom: down(bottom), left: across(left), right: across(right) }
}
