import { createHash } from 'node:crypto'
import { nearTwinGroups } from './near-twins.js'

/** Class names by split. */
export interface ClassSplits {
  readonly train: readonly string[]
  readonly val: readonly string[]
  readonly test: readonly string[]
}

/**
 * Divides classes 64/16/20 % into train, val and test, near-twins together.
 *
 * Groups are dealt from the largest to the smallest, those of one size in the order of the SHA-256 of their
 * first name, each to the split that lacks most classes. So the large families - faces, signs, clocks - are
 * learned from, and all three splits hold emoji of every other kind. Only the names decide: the splits are
 * the same everywhere.
 */
export function splitClasses(names: readonly string[]): ClassSplits {
  const val = Math.round(names.length * 0.16)
  const test = Math.round(names.length * 0.2)
  const splits = {
    train: { lacks: names.length - val - test, names: [] as string[] },
    test: { lacks: test, names: [] as string[] },
    val: { lacks: val, names: [] as string[] },
  }
  const groups = nearTwinGroups(names).map((group) => ({ group, order: sha256(group[0]!) }))
  groups.sort((a, b) => b.group.length - a.group.length || (a.order < b.order ? -1 : 1))
  for (const { group } of groups) {
    const split = Object.values(splits).reduce((most, other) => (other.lacks > most.lacks ? other : most))
    split.names.push(...group)
    split.lacks -= group.length
  }
  return {
    train: splits.train.names.toSorted(),
    val: splits.val.names.toSorted(),
    test: splits.test.names.toSorted(),
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
