import { basename, extname } from 'node:path'

/** The name of a file without its folder and ending. */
export function bareName(file: string): string {
  return basename(file, extname(file))
}

/**
 * A name, or the name with the first number that makes it differ from those that are taken; it is taken then.
 */
export function nameWithout(taken: Set<string>, name: string): string {
  let free = name
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${name}-${number}`
  taken.add(free.toLowerCase())
  return free
}
