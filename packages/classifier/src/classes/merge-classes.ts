import { fingerprintOf } from '../fingerprint.js'
import { count, InputError } from '@m2l/engine'
import { chooseImages } from '../embedding/embedded-images.js'
import { shapesOf } from './require-of-model.js'
import {
  chooseExamples,
  exampleNames,
  joinClass,
  type SavedClass,
  type SavedClasses,
} from './saved-classes.js'

/** What came of adding classes to others. */
export interface MergedClasses {
  readonly classes: SavedClasses
  /** How many examples were added. */
  readonly added: number
  /** What a person should know: of examples that are there already, and of pictures in two classes. */
  readonly notes: readonly string[]
}

/**
 * Adds classes to others; examples of a class that is in both are put together, the same picture once.
 *
 * @param from names the classes that are added, in errors
 * @throws {InputError} when they are of different weights
 */
export function mergeClasses(into: SavedClasses, more: SavedClasses, from: string): MergedClasses {
  const shapes = [into, more].map(({ classes }) => shapesOf([...classes.values()][0]!.images))
  if (into.model !== more.model || shapes[0] !== shapes[1]) {
    throw new InputError(
      `${from}: its classes belong to other weights${more.weights === undefined ? '' : ` (${more.weights})`} than those that they are added to${into.weights === undefined ? '' : ` (${into.weights})`}; save them with the same`,
    )
  }
  const classes = new Map(into.classes)
  const notes: string[] = []
  const placed = new Map<string, { readonly label: string; readonly name: string }>()
  for (const [label, ofClass] of into.classes) place(label, ofClass, placed)
  let added = 0
  for (const [label, ofClass] of more.classes) {
    const known = new Set(keysOf(into.classes.get(label)).flat())
    const fresh = keysOf(ofClass).flatMap((keys, index) =>
      keys.some((key) => known.has(key)) ? [] : [index],
    )
    const copies = ofClass.examples.length - fresh.length
    if (copies > 0) {
      notes.push(
        `${label}: ${count(copies, 'example is', 'examples are')} there already and ${copies === 1 ? 'was' : 'were'} left out`,
      )
    }
    if (fresh.length === 0) continue
    const chosen = chooseExamples(ofClass, fresh)
    notes.push(...place(label, chosen, placed))
    classes.set(label, joinClass(classes.get(label), chosen))
    added += fresh.length
  }
  const origin = into.weights === undefined ? more : into
  return {
    classes: { ...origin, classes },
    added,
    notes,
  }
}

/** Notes where pictures are, and tells of those that are in another class. */
function place(
  label: string,
  ofClass: SavedClass,
  placed: Map<string, { readonly label: string; readonly name: string }>,
): string[] {
  const names = exampleNames(label, ofClass.examples)
  return keysOf(ofClass).flatMap((keys, index) => {
    const before = keys.map((key) => placed.get(key)).find((one) => one !== undefined)
    for (const key of keys) placed.set(key, { label, name: names[index]! })
    if (!before || before.label === label) return []
    return [
      `${before.name} and ${names[index]} are the same picture, as examples of ${before.label} and of ${label}`,
    ]
  })
}

/** What tells each example from others: its digest if it was noted, and in any case its embedding. */
function keysOf(ofClass: SavedClass | undefined): string[][] {
  return (ofClass?.examples ?? []).map(({ digest }, index) => {
    const fields = Object.values(chooseImages(ofClass!.images, [index]))
    const own = fingerprintOf(...fields.map(({ data }) => data))
    return [...(digest === null ? [] : [`picture ${digest}`]), `embedding ${own}`]
  })
}
