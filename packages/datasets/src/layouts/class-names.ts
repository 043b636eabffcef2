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
  return [...notesOnNothing(root, names), ...notesOnLikeness(root, names)]
}

/** What programs write where there is no value, as pandas does. */
const nothing =
  /^(?:[-+]?nan|nat|na|n\/a|<na>|#n\/?a(?: n\/a)?|#value!|#ref!|null|nil|none|undefined|\(?empty\)?|\?+|-+|\.)$/i

function notesOnNothing(root: string, names: readonly string[]): string[] {
  return names
    .filter((name) => nothing.test(name.trim()))
    .map(
      (name) =>
        `${root}: label ${quoted(name)} is what programs write for a missing value; leave its pictures out unless it is their class`,
    )
}

function notesOnLikeness(root: string, names: readonly string[]): string[] {
  const pairs = pairsOf(names, loose)
  if (pairs.length === 0) return []
  const [[one, other]] = pairs as [[string, string]]
  const more = pairs.length > 1 ? `, and so do ${pairs.length - 1} more pairs of names` : ''
  return [
    `${root}: classes ${quoted(one)} and ${quoted(other)} differ only in capital letters, in letters that look alike or in how a number is written${more}; they are taken for different classes`,
  ]
}

/**
 * What to tell of class folders that lie in others: one within a class's own, and groups of the same classes,
 * as parts of a data set are that are called like no split.
 */
export function notesOnNesting(root: string, names: readonly string[]): string[] {
  const known = new Set(names)
  const nested = names.flatMap((name) => {
    const outer = foldersAbove(name).find((folder) => known.has(folder))
    return outer === undefined ? [] : [[name, outer] as const]
  })
  return [...notesOnClassesInClasses(root, nested), ...notesOnEqualGroups(root, names)]
}

function notesOnClassesInClasses(root: string, nested: readonly (readonly [string, string])[]): string[] {
  const [first] = nested
  if (!first) return []
  const more = nested.length > 1 ? `, as do ${nested.length - 1} more` : ''
  return [
    `${root}: folder ${quoted(first[0])} lies in that of class ${quoted(first[1])}${more}, and is taken for a class of its own; move its pictures up if they are of the same class`,
  ]
}

function notesOnEqualGroups(root: string, names: readonly string[]): string[] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const [group, ...inner] = name.split('/')
    if (inner.length === 0) return []
    groups.set(group!, [...(groups.get(group!) ?? []), inner.join('/')])
  }
  const contents = new Set([...groups.values()].map((inner) => JSON.stringify(inner.toSorted())))
  if (groups.size < 2 || contents.size > 1) return []
  const [group, other] = [...groups.keys()]
  const [inner] = groups.get(group!)!
  return [
    `${root}: ${[...groups.keys()].map(quoted).join(', ')} hold folders of the same names, which are taken for different classes (${quoted(`${group}/${inner}`)}, ${quoted(`${other}/${inner}`)}); name one of them if they are parts of a data set`,
  ]
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
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

/** Letters of Cyrillic and Greek that look like those of Latin beside them. */
const alike = new Map(
  [
    [
      '\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405',
      'ABEKMHOPCTYXIJS',
    ],
    ['\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455', 'aeopcyxijs'],
    [
      '\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf',
      'ABEZHIKMNOPTYXo',
    ],
  ].flatMap(([others, latin]) => [...others!].map((letter, index) => [letter, latin![index]!] as const)),
)

function loose(name: string): string {
  return withoutUnseen(name)
    .normalize('NFKC')
    .replaceAll(/\p{L}/gu, (letter) => alike.get(letter) ?? letter)
    .replaceAll(/\u200c|\u200d|\ufe0e|\ufe0f/g, '')
    .toLowerCase()
    .replace(/^[+]?0*(\d+)(?:[.,]0*)?$/, '$1')
}
