import type { RemarkCount } from './dataset-check.js'
import type { PrintedImage } from './duplicate-groups.js'

/** How many pictures each remark is made of; the most numerous first. */
export function countRemarks(images: readonly PrintedImage[]): RemarkCount[] {
  const counts = new Map<RemarkCount['remark'], RemarkCount>()
  for (const { place, print } of images) {
    for (const remark of print.remarks ?? []) {
      const { first = place, images: before = 0 } = counts.get(remark) ?? {}
      counts.set(remark, { remark, images: before + 1, first })
    }
  }
  return [...counts.values()].toSorted((a, b) => b.images - a.images)
}
