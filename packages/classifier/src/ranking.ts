/**
 * The area under the receiver operating characteristic: how probable it is that a value of the first kind is
 * higher than one of the second, equal ones counted by half.
 *
 * @returns from 0 to 1; null where there are none of a kind
 */
export function auroc(first: readonly number[], second: readonly number[]): number | null {
  if (first.length === 0 || second.length === 0) return null
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ].toSorted((a, b) => a.value - b.value)
  let wins = 0
  let lower = 0 // of the second kind
  for (let start = 0; start < all.length;) {
    let end = start
    while (end < all.length && all[end]!.value === all[start]!.value) end++
    const tied = all.slice(start, end)
    const ofFirst = tied.filter(({ isFirst }) => isFirst).length
    const ofSecond = tied.length - ofFirst
    wins += ofFirst * (lower + ofSecond / 2)
    lower += ofSecond
    start = end
  }
  return wins / (first.length * second.length)
}

/** The 95 % interval of a share by Wilson's score ("Probable inference", JASA 1927). */
export function wilson95(hits: number, count: number): readonly [low: number, high: number] {
  const z = 1.959964
  const share = hits / count
  const centre = share + z ** 2 / (2 * count)
  const half = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))
  const scale = 1 + z ** 2 / count
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)]
}
