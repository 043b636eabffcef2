/** How many letters of a part of a path fit below a small picture. */
const mostLetters = 28

/**
 * Names that tell some files apart: of each path so many of its last parts that no other path ends in them.
 * Long parts are shortened in their middle.
 *
 * @param paths with `/` between their parts
 * @returns a name by its path
 */
export function tellingNames(paths: Iterable<string>): ReadonlyMap<string, string> {
  const ends = new Map([...new Set(paths)].map((path) => [path, endsOf(path)]))
  const times = new Map<string, number>()
  for (const end of [...ends.values()].flat()) times.set(end, (times.get(end) ?? 0) + 1)
  return new Map(
    [...ends].map(([path, own]) => {
      const name = own.find((end) => times.get(end) === 1) ?? path
      return [path, name.split('/').map(shortened).join('/')]
    }),
  )
}

/** The last part of a path, the last two, and so on. */
function endsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(-1 - index).join('/'))
}

function shortened(part: string): string {
  const letters = [...part]
  if (letters.length <= mostLetters) return part
  return `${letters.slice(0, 12).join('')}…${letters.slice(-15).join('')}`
}
