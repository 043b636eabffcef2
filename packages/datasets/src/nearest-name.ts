import { distance } from 'fastest-levenshtein'

/** The known name that a mistyped one probably meant, or undefined where none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const folded = name.toLowerCase()
  let nearest: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = distance(folded, candidate.toLowerCase())
    if (edits < least) [nearest, least] = [candidate, edits]
  }
  return nearest
}

/** `; did you mean "x"?`, or nothing where no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}
