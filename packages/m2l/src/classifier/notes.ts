import type { PictureDigests } from '@m2l/classifier'
import { basename } from 'node:path'
import { count } from '@m2l/engine'
import type { Found, PlacedPicture } from './query-pictures.js'

/** How many names a note lists. */
const mostNames = 5

/** How often each name comes. */
export function counted(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Object.fromEntries(counts)
}

/**
 * Tells of classes of one example beside larger ones: they are known least, and leaving examples out says
 * nothing of them.
 */
export function singleExampleNotes(
  classes: readonly { readonly label: string; readonly images: number }[],
): string[] {
  const single = classes.filter(({ images }) => images === 1).map(({ label }) => label)
  if (single.length === 0 || single.length === classes.length) return []
  const [named, rest] = [single.slice(0, mostNames), single.length - mostNames]
  const names = [named.join(', '), ...(rest > 0 ? [`and ${rest} more`] : [])].join(' ')
  return [
    `${count(single.length, 'class has', 'classes have')} a single example, others more: ${names}; answers for ${single.length === 1 ? 'it' : 'them'} are the least certain, and examples left out cannot tell how good they are, so add another`,
  ]
}

/** Tells of files that were given more than once, and of those whose class is not known for that. */
export function repetitionNotes(found: readonly Found[], pictures: readonly PlacedPicture[]): string[] {
  const times = Object.values(counted(found.map(({ identity }) => identity)))
  const repeated = times.filter((number) => number > 1).length
  const torn = pictures.filter(({ truths }) => truths && truths.size > 1)
  return [
    ...(repeated > 0
      ? [`${count(repeated, 'picture was', 'pictures were')} given more than once; each file counts once`]
      : []),
    ...torn
      .slice(0, mostNames)
      .map(
        ({ file, truths }) =>
          `${file} is given as ${[...truths!].join(' and as ')}, so its class is not known`,
      ),
  ]
}

/** Tells whose class no place says, and whose is said by a folder further up. */
export function placeNotes(pictures: readonly PlacedPicture[], labels: ReadonlySet<string>): string[] {
  const known = pictures.filter(({ truth }) => typeof truth === 'string')
  const silent = pictures.filter(({ truth }) => truth === undefined)
  const deep = known.filter(({ named }) => named && !named.isDirect)
  const folders = counted(deep.map(({ label, truth }) => `${basename(label!)} in ${truth}`))
  const classes = `${[...labels].slice(0, 3).join(', ')}${labels.size > 3 ? ', …' : ''}`
  return [
    ...(deep.length > 0
      ? [
          `${count(deep.length, 'picture lies', 'pictures lie')} in a folder within a class's and ${deep.length === 1 ? 'counts' : 'count'} as of the class (${someOf(folders)})`,
        ]
      : []),
    ...(known.length === 0
      ? [
          `accuracy is not measured: no folder of the pictures and no label has the name of a class (${classes})`,
        ]
      : []),
    ...(known.length > 0 && silent.length > 0
      ? [
          `the class of ${count(silent.length, 'picture')} is not known: ${silent.length === 1 ? 'its folder does' : 'their folders do'} not have the name of a class; accuracy leaves ${silent.length === 1 ? 'it' : 'them'} out`,
        ]
      : []),
  ]
}

/** Tells of labels and folders that are no class, and what becomes of their pictures. */
export function otherLabelNotes(
  others: Readonly<Record<string, number>>,
  labels: ReadonlySet<string>,
  become: 'unknown' | 'unmeasured' | 'unsaid',
): string[] {
  const number = Object.values(others).reduce((sum, pictures) => sum + pictures, 0)
  if (number === 0) return []
  const near = new Map([...labels].map((label) => [folded(label), label]))
  const hinted = Object.entries(others).map(([name, pictures]) => {
    const like = near.get(folded(name))
    return [like === undefined ? name : `${name}, not ${like}`, pictures] as const
  })
  const all = number === 1 ? 'it' : 'they'
  const ends = {
    unknown: `; ${all} ${number === 1 ? 'counts' : 'count'} as unknown`,
    unmeasured: `; accuracy leaves ${number === 1 ? 'it' : 'them'} out`,
    unsaid: ', so nobody can tell whether the answer is right',
  }
  return [
    `${count(number, 'picture is', 'pictures are')} labelled as no class (${someOf(Object.fromEntries(hinted))})${ends[become]}`,
  ]
}

/** Tells of examples that are the same picture, within a class or in two. */
export function copyNotes(examples: PictureDigests, files: ReadonlyMap<string, readonly string[]>): string[] {
  const classOf = new Map([...files].flatMap(([label, names]) => names.map((name) => [name, label] as const)))
  const copies = examples.copies()
  const torn = copies.filter(([name, first]) => classOf.get(name) !== classOf.get(first))
  const same = copies.length - torn.length
  return [
    ...(same > 0
      ? [
          `${count(same, 'example is the same picture as another of its class', 'examples are the same pictures as others of their class')}, so that what examples say of each other looks better than it is; leave the copies out`,
        ]
      : []),
    ...torn
      .slice(0, mostNames)
      .map(
        ([name, first]) =>
          `${first} and ${name} are the same picture, as examples of ${classOf.get(first)} and of ${classOf.get(name)}`,
      ),
  ]
}

/** Tells of pictures in several files that show the same, of those whose class is known. */
export function sameQueryNotes(
  pictures: PictureDigests,
  predictions: readonly { readonly file: string; readonly truth?: string; readonly isExample?: true }[],
): string[] {
  const measured = new Set(
    predictions.flatMap(({ file, truth, isExample }) => (truth === undefined || isExample ? [] : [file])),
  )
  const copies = pictures.copies().filter((pair) => pair.every((name) => measured.has(name)))
  const [first] = copies
  if (!first) return []
  return [
    `${count(copies.length, 'picture is a copy of another', 'pictures are copies of others')} under another name (${first[0]} of ${first[1]}); accuracy counts each of them`,
  ]
}

/** Tells of pictures that are examples themselves. */
export function ownExampleNotes(
  predictions: readonly { readonly file: string; readonly isExample?: true }[],
): string[] {
  const own = predictions.flatMap(({ file, isExample }) => (isExample ? [file] : []))
  if (own.length === 0) return []
  const names = `${own.slice(0, 3).join(', ')}${own.length > 3 ? ', …' : ''}`
  return [
    `${count(own.length, 'picture is an example itself', 'pictures are examples themselves')} (${names}), whose recognition proves nothing; accuracy leaves ${own.length === 1 ? 'it' : 'them'} out`,
  ]
}

/** Names with their numbers, the most frequent first: `a (3), b (1) and 2 more`. */
function someOf(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  const named = all.slice(0, mostNames).map(([name, number]) => `${name} (${number})`)
  return `${named.join(', ')}${all.length > mostNames ? ` and ${all.length - mostNames} more` : ''}`
}

/** A name as people see it who do not mind case and spaces. */
function folded(name: string): string {
  return name.trim().toLowerCase()
}
