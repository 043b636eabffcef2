import { bitsOf, hashDistance } from './perceptual-hash.js'

const words = 4
const wordValues = 1 << 16

/** The largest distance that {@link nearPairs} can look for; beyond it, few pairs look alike anyway. */
export const mostDistance = 11

/**
 * Visits every pair of hashes at most `distance` bits apart, each once, with the earlier one first.
 *
 * Not quadratic: where two hashes of four words differ in `distance` bits, some word differs in at most a
 * quarter of them, so each hash is compared only with those that have nearly the same word. Multi-index
 * hashing: M. Norouzi, A. Punjani, D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing" (CVPR
 * 2012).
 *
 * @param distance from 0 to {@link mostDistance}
 */
export function nearPairs(
  hashes: readonly Uint16Array[],
  distance: number,
  visit: (first: number, second: number, distance: number) => void,
): void {
  const radius = Math.floor(distance / words)
  const flips = flipsUpTo(radius)
  for (let word = 0; word < words; word++) {
    const { starts, order } = byWord(hashes, word)
    for (let first = 0; first < hashes.length; first++) {
      const hash = hashes[first]!
      for (const flip of flips) {
        const value = hash[word]! ^ flip
        for (let at = starts[value]!; at < starts[value + 1]!; at++) {
          const second = order[at]!
          if (second <= first) continue
          const other = hashes[second]!
          const apart = hashDistance(hash, other)
          if (apart <= distance && !nearInEarlierWord(hash, other, word, radius)) visit(first, second, apart)
        }
      }
    }
  }
}

function nearInEarlierWord(a: Uint16Array, b: Uint16Array, word: number, radius: number): boolean {
  for (let earlier = 0; earlier < word; earlier++) {
    if (bitsOf(a[earlier]! ^ b[earlier]!) <= radius) return true
  }
  return false
}

/** Words with at most `radius` set bits. */
function flipsUpTo(radius: number): number[] {
  return Array.from({ length: wordValues }, (_, word) => word).filter((word) => bitsOf(word) <= radius)
}

/**
 * The indices of hashes sorted by one of their words; those with value v are `order[starts[v]]` to
 * `order[starts[v + 1] - 1]`.
 */
function byWord(hashes: readonly Uint16Array[], word: number): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(wordValues + 1)
  for (const hash of hashes) starts[hash[word]! + 1]!++
  for (let value = 0; value < wordValues; value++) starts[value + 1]! += starts[value]!
  const next = starts.slice()
  const order = new Uint32Array(hashes.length)
  hashes.forEach((hash, index) => (order[next[hash[word]!]!++] = index))
  return { starts, order }
}
