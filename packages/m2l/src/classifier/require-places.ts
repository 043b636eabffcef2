import { requireWritable } from '@m2l/engine-native'
import { requireCalibration } from '@m2l/classifier'
import { findClassNames } from '../class-names/find-class-names.js'
import { readClasses } from '../classes/classes-file.js'
import { isFeatureFile } from '../features/feature-file.js'
import { requireComparison } from '../weights/require-comparison.js'
import type { ClassifyByOptions } from './open-examples.js'
import { queryPictures } from './query-pictures.js'
import { openSupport } from './support-pictures.js'

/**
 * Refuses names, examples and pictures that are not there or not enough, before weights are fetched and
 * pictures are read. Features are left to those who read them.
 *
 * @param query the pictures; nothing where they are yet to arrive
 * @throws {InputError} as whoever uses them does
 */
export async function requirePlaces(options: ClassifyByOptions, query?: readonly string[]): Promise<void> {
  const { support, load, unknown, labels } = options
  if (
    [support, ...(Array.isArray(query) ? query : [])].some(
      (path) => path !== undefined && isFeatureFile(path),
    )
  )
    return
  if (options.save !== undefined) await requireWritable(options.save, 'the classes')
  requireComparison(options)
  const shots = new Map<string, number>()
  if (load !== undefined) {
    for (const [label, { examples }] of (await readClasses(load)).classes) shots.set(label, examples.length)
  }
  if (support !== undefined) {
    const opened = await openSupport(support, 1, load === undefined ? 2 : 1)
    await opened.close()
    for (const [label, { length }] of opened.classes) shots.set(label, (shots.get(label) ?? 0) + length)
  }
  if (unknown !== undefined && shots.size > 0) {
    const several = [...shots.values()].filter((number) => number > 1).length
    requireCalibration({ several, all: shots.size })
  }
  if (labels !== undefined) await findClassNames([...shots.keys()], { file: labels, beside: support })
  if (query !== undefined) await (await queryPictures(query, new Set(shots.keys()))).close()
}
