import type { RandomKey } from '@m2l/engine'

/** How often it is begun anew; the clusters with the least distances are taken. */
const starts = 4

/** Steps of Lloyd's algorithm; clusters only need to be good enough to choose from. */
const mostSteps = 12

/**
 * Clusters of points by k-means (Lloyd, "Least squares quantization in PCM", 1982), begun by k-means++
 * (Arthur, Vassilvitskii, SODA 2007).
 *
 * @param points all of one length
 * @param clusters at most so many; fewer where there are fewer different points
 * @param key decides where it begins
 * @returns the positions of the points of each cluster, those nearest to its mean first; the largest cluster
 *   first
 */
export function kMeans(points: readonly Float32Array[], clusters: number, key: RandomKey): number[][] {
  if (clusters < 1) return []
  const found = Array.from({ length: starts }, (_, start) => clustersOf(points, clusters, key.fold(start)))
  return found.reduce((best, other) => (other.distances < best.distances ? other : best)).members
}

function clustersOf(
  points: readonly Float32Array[],
  clusters: number,
  key: RandomKey,
): { readonly members: number[][]; readonly distances: number } {
  let centres = firstCentres(points, clusters, key)
  let nearest: number[] = []
  for (let step = 0; step < mostSteps; step++) {
    const before = nearest
    nearest = points.map((point) => nearestOf(point, centres))
    if (nearest.every((centre, index) => centre === before[index])) break
    centres = centres.map(
      (centre, index) => meanOf(points.filter((_, at) => nearest[at] === index)) ?? centre,
    )
  }
  const members = centres.map((centre, index) => {
    const own = points.flatMap((point, at) =>
      nearest[at] === index ? [{ at, distance: distance(point, centre) }] : [],
    )
    return own.toSorted((a, b) => a.distance - b.distance || a.at - b.at).map(({ at }) => at)
  })
  return {
    members: members
      .filter(({ length }) => length > 0)
      .toSorted((a, b) => b.length - a.length || a[0]! - b[0]!),
    distances: points.reduce((sum, point, index) => sum + distance(point, centres[nearest[index]!]!), 0),
  }
}

/** Points far from each other: each is drawn by its squared distance from those before. */
function firstCentres(points: readonly Float32Array[], clusters: number, key: RandomKey): Float32Array[] {
  const random = key.generator()
  const [first] = points
  if (!first || clusters < 1) return []
  const centres = [points[random.integer(points.length)]!]
  const distances = points.map((point) => distance(point, centres[0]!))
  while (centres.length < clusters) {
    const total = distances.reduce((sum, value) => sum + value, 0)
    if (total === 0) break
    let left = random.uniform() * total
    const drawn = distances.findIndex((value) => (left -= value) < 0)
    const next = points[drawn < 0 ? distances.indexOf(Math.max(...distances)) : drawn]!
    centres.push(next)
    points.forEach((point, index) => (distances[index] = Math.min(distances[index]!, distance(point, next))))
  }
  return centres
}

function nearestOf(point: Float32Array, centres: readonly Float32Array[]): number {
  let [best, least] = [0, Infinity]
  for (const [index, centre] of centres.entries()) {
    const far = distance(point, centre)
    if (far < least) [best, least] = [index, far]
  }
  return best
}

function meanOf(points: readonly Float32Array[]): Float32Array | undefined {
  const [first] = points
  if (!first) return undefined
  const sums = new Float64Array(first.length)
  for (const point of points) for (let index = 0; index < sums.length; index++) sums[index]! += point[index]!
  return Float32Array.from(sums, (sum) => sum / points.length)
}

/** The squared Euclidean distance. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += (a[index]! - b[index]!) ** 2
  return sum
}
