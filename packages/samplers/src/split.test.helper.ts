import type { ImageSplit } from '@m2l/datasets'

/** A split of classes with so many images each. */
export function splitOf(imageCounts: readonly number[], name = 'train'): ImageSplit {
  return {
    name,
    hash: '5e'.repeat(32),
    classes: imageCounts.map((length, index) => ({
      name: `class${index}`,
      images: Array.from({ length }, (_, image) => ({ id: `class${index}/${image}.png` })),
    })),
  }
}
