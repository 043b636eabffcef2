import { distance } from 'fastest-levenshtein'

/** The known name that a mistyped one probably meant, whatever its case; undefined where none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const folded = name.toLowerCase()
  let nearest: string | undefined
  let least = Math.min(name.length, Math.max(2, Math.ceil(name.length / 3)) + 1)
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = distance(folded, candidate.toLowerCase())
    if (edits < least) [nearest, least] = [candidate, edits]
  }
  return nearest
}

/**
 * `; did you mean x?`, or nothing where no known name is near.
 *
 * @param write how the message writes names
 */
export function didYouMean(
  name: string,
  known: Iterable<string>,
  write: (name: string) => string = (near) => near,
): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `; did you mean ${write(near)}?`
}
