import type { EmbeddedField } from '@m2l/model'

/**
 * The mean over the positions of each map.
 *
 * @param map [images, height, width, channels]
 * @returns [images, channels]
 */
export function pooledRows({ shape, data }: EmbeddedField): EmbeddedField {
  const [images, height, width, channels] = shape as [number, number, number, number]
  const positions = height * width
  const pooled = new Float32Array(images * channels)
  for (let image = 0; image < images; image++) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let position = 0; position < positions; position++) {
        sum += data[(image * positions + position) * channels + channel]!
      }
      pooled[image * channels + channel] = sum / positions
    }
  }
  return { shape: [images, channels], data: pooled }
}
