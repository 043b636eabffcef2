import { closest, distance } from 'fastest-levenshtein'

/** The known name that differs least, whatever its case, where it differs little. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const near = closest(
    name.toLowerCase(),
    known.map((candidate) => candidate.toLowerCase()),
  )
  if (distance(name.toLowerCase(), near) > Math.ceil(name.length / 3)) return undefined
  return known.find((candidate) => candidate.toLowerCase() === near)
}

/** `; did you mean x?`, or nothing where no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}
