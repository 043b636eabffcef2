import type { ClassCount, ExactDuplicates, Leakage, NearDuplicates } from './dataset-check.js'
import { grouped } from './grouped.js'

/** What of one split is also in another. */
export function leakageOf(
  classes: readonly ClassCount[],
  exact: readonly ExactDuplicates[],
  near: readonly NearDuplicates[],
): Leakage {
  const copies = idsAcrossSplits(exact)
  const alike = idsAcrossSplits(near)
  return {
    classes: [...grouped(classes, (one) => one.class)].flatMap(([name, places]) =>
      places.length > 1 ? [{ class: name, splits: places.map(({ split }) => split) }] : [],
    ),
    exact: copies.size,
    near: [...alike].filter((id) => !copies.has(id)).length,
  }
}

function idsAcrossSplits(groups: readonly Pick<ExactDuplicates, 'reach' | 'images'>[]): Set<string> {
  const across = groups.filter(({ reach }) => reach === 'splits')
  return new Set(across.flatMap(({ images }) => images.map(({ id }) => id)))
}
