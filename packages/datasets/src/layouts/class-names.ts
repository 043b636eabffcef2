import { InputError } from '@m2l/engine'
import type { LayoutIndex } from './layout.js'

/**
 * A source whose class names can be told apart.
 *
 * @returns the same, with notes on names that differ in little
 * @throws InputError when two differ only in what cannot be seen, or one has lost letters
 */
export function withTellableNames(root: string, index: LayoutIndex): LayoutIndex {
  const names = [...index.groups.values()].flatMap((classes) => [...classes.keys()])
  const notes = notesOnNames(root, names)
  return notes.length === 0 ? index : { ...index, notes: [...(index.notes ?? []), ...notes] }
}

/**
 * What to tell of names that differ in little.
 *
 * @throws InputError when two differ only in what cannot be seen, or one has lost letters
 */
export function notesOnNames(root: string, all: Iterable<string>): string[] {
  const names = [...new Set(all)].toSorted()
  const damaged = names.find((name) => name.includes('\ufffd'))
  if (damaged !== undefined) {
    throw new InputError(
      `${root}: class ${quoted(damaged)} has lost letters, which are now U+FFFD; write its name anew from the original`,
    )
  }
  for (const [one, other] of pairsOf(names, withoutUnseen)) {
    throw new InputError(
      `${root}: classes ${quoted(one)} and ${quoted(other)} differ only in what cannot be seen; give them one name, or two that look different`,
    )
  }
  const pairs = pairsOf(names, loose)
  if (pairs.length === 0) return []
  const [[one, other]] = pairs as [[string, string]]
  const more = pairs.length > 1 ? `, and so do ${pairs.length - 1} more pairs of names` : ''
  return [
    `${root}: classes ${quoted(one)} and ${quoted(other)} differ only in capital letters or in how a number is written${more}; they are taken for different classes`,
  ]
}

/** @throws InputError naming the source where a name comes twice, so that two classes would become one */
export function requireDistinct(source: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice === undefined) return
  throw new InputError(`${source}: two classes are called ${quoted(twice)}; give each a name of its own`)
}

/** A name in quotes, with what cannot be seen in it written as escapes. */
export function quoted(name: string): string {
  return JSON.stringify(name).replaceAll(
    /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\ufffd]|(?! )\p{Zs}/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}

/** Neighbours among names that a function makes the same. */
function pairsOf(names: readonly string[], fold: (name: string) => string): [string, string][] {
  const first = new Map<string, string>()
  return names.flatMap((name): [string, string][] => {
    const folded = fold(name)
    const other = first.get(folded)
    if (other === undefined) first.set(folded, name)
    return other === undefined ? [] : [[other, name]]
  })
}

/** Joiners, which shape words of some scripts, are left in. */
function withoutUnseen(name: string): string {
  return name
    .replaceAll(/(?!\u200c|\u200d)[\p{Cf}\p{Cc}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?(^|\/|$) ?/g, '$1')
}

function loose(name: string): string {
  return withoutUnseen(name)
    .replaceAll(/\u200c|\u200d|\ufe0e|\ufe0f/g, '')
    .toLowerCase()
    .replace(/^[+]?0*(\d+)(?:[.,]0*)?$/, '$1')
}
