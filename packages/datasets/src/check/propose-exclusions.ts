import type { BrokenImage, ExactDuplicates, Exclusion, ImagePlace, NearDuplicates } from './dataset-check.js'

/**
 * What to leave out for certain: broken pictures, and copies. Of copies in one class one stays, that of the
 * split measured on where there are several. Of copies in several classes none does, since at most one is
 * right, and nobody can tell which.
 */
export function proposeExclusions(
  broken: readonly BrokenImage[],
  exact: readonly ExactDuplicates[],
): Exclusion[] {
  const copies = exact.flatMap(({ images }) => {
    const [kept, ...others] = [...images].sort(byUse) as [ImagePlace, ...ImagePlace[]]
    const stranger = images.find((image) => image.class !== kept.class)
    if (!stranger)
      return others.map(({ id }) => ({ id, reason: `the same picture as ${kept.id}, which stays` }))
    return images.map(({ id, class: ofClass }) => ({
      id,
      reason: `the same picture is in class ${ofClass === kept.class ? stranger.class : kept.class}`,
    }))
  })
  return [...broken.map(({ id, reason }) => ({ id, reason })), ...copies]
}

/** What to look at: of pictures that look the same all but the first that stays. */
export function suggestExclusions(
  near: readonly NearDuplicates[],
  exclusions: readonly Exclusion[],
): Exclusion[] {
  const gone = new Set(exclusions.map(({ id }) => id))
  return near.flatMap(({ images }) => {
    const [kept, ...others] = images.filter(({ id }) => !gone.has(id)).sort(byUse)
    return others.map(({ id }) => ({ id, reason: `looks like ${kept!.id}` }))
  })
}

const uses = ['test', 'val']

/** What is measured on comes first; otherwise the order is kept. */
function byUse(a: ImagePlace, b: ImagePlace): number {
  return useOf(a) - useOf(b)
}

function useOf({ split }: ImagePlace): number {
  const use = uses.indexOf(split)
  return use < 0 ? uses.length : use
}
