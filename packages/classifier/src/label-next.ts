import { randomKey } from '@m2l/engine'
import { pooledRows } from './features/pooled-rows.js'
import type { EmbeddedBatch } from './embedding/image-embedder.js'
import { kMeans } from './k-means.js'

/** Why a picture is worth a label. */
export type LabelReason = 'unfamiliar' | 'tie' | 'cluster'

/** A picture that is worth a label, before others. */
export interface LabelNext {
  readonly file: string
  readonly reason: LabelReason
  /** The reason, for people. */
  readonly why: string
}

/** A picture that may be labelled. */
export interface Unlabelled {
  readonly file: string
  /** What tells it from pictures that show the same; those are proposed once. */
  readonly digest: string | undefined
  /** The two most probable classes with their probabilities. */
  readonly nearest: readonly { readonly label: string; readonly probability: number }[]
  /** How probable it is that the picture is of one of the classes, where that is known. */
  readonly familiarity: number | undefined
  /** What the network makes of it: one length for all pictures, 1. */
  readonly feature: Float32Array
}

/** So many are proposed if nobody asks for another number. */
export const usualLabelNext = 5

/**
 * The pictures whose labels would help most, in turn by three reasons: the least familiar, which may be of a
 * class without examples; the one nearest to a tie between two classes; and one that stands for many, the
 * nearest to the mean of a cluster (k-means with a fixed key), the largest cluster first.
 *
 * @param most how many
 */
export function labelNext(pictures: readonly Unlabelled[], most: number): LabelNext[] {
  const candidates = eachOnce(pictures)
  const chosen = new Map<string, LabelNext>()
  const queues = [unfamiliar(candidates), ties(candidates), clusters(candidates, Math.ceil(most / 3))]
  while (chosen.size < most && queues.some(({ length }) => length > 0)) {
    for (const queue of queues) {
      if (chosen.size >= most) break
      let next = queue.shift()
      while (next && chosen.has(next.file)) next = queue.shift()
      if (next) chosen.set(next.file, next)
    }
  }
  return [...chosen.values()]
}

function unfamiliar(pictures: readonly Unlabelled[]): LabelNext[] {
  return pictures
    .filter(({ familiarity }) => familiarity !== undefined)
    .toSorted((a, b) => a.familiarity! - b.familiarity!)
    .map(({ file, familiarity }) => ({
      file,
      reason: 'unfamiliar',
      why: `least like the examples (familiarity ${familiarity!.toFixed(2)}): perhaps of a class that has none`,
    }))
}

function ties(pictures: readonly Unlabelled[]): LabelNext[] {
  const lead = ({ nearest: [first, second] }: Unlabelled) => first!.probability - (second?.probability ?? 0)
  return pictures
    .toSorted((a, b) => lead(a) - lead(b))
    .map(({ file, nearest }) => ({
      file,
      reason: 'tie',
      why: `hard to tell: ${nearest.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`).join(' or ')}`,
    }))
}

function clusters(pictures: readonly Unlabelled[], most: number): LabelNext[] {
  const found = kMeans(
    pictures.map(({ feature }) => feature),
    most,
    randomKey(0).fold('label next'),
  )
  return found.map(([middle, ...others]) => ({
    file: pictures[middle!]!.file,
    reason: 'cluster',
    why:
      others.length === 0
        ? 'looks like none of the other pictures'
        : `typical of ${others.length + 1} pictures that look alike, so that its label says most about them`,
  }))
}

/** Of pictures that show the same, the first. */
function eachOnce(pictures: readonly Unlabelled[]): Unlabelled[] {
  const seen = new Set<string>()
  return pictures.filter(({ digest }) => {
    if (digest === undefined) return true
    if (seen.has(digest)) return false
    seen.add(digest)
    return true
  })
}

/**
 * Features of pictures by their positions in a list, one vector of length 1 each, which batches are noted in.
 */
export class PictureFeatures {
  readonly #features = new Map<number, Float32Array>()

  note({ positions, images: { map, parts } }: EmbeddedBatch): void {
    const whole = map ?? { shape: [...parts!.shape.slice(0, 2), 1, parts!.shape[2]!], data: parts!.data }
    const { data } = pooledRows(whole)
    const width = data.length / positions.length
    for (const [index, position] of positions.entries()) {
      this.#features.set(position, ofLengthOne(data.slice(index * width, (index + 1) * width)))
    }
  }

  at(position: number): Float32Array {
    return this.#features.get(position)!
  }
}

function ofLengthOne(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1
  return values.map((value) => value / length)
}
