/** Mean and standard deviation of each colour channel, red, green, blue, of values in 0..1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/**
 * What becomes of an 8-bit level: `level * scale + shift`, by channel; scale, shift and both results are
 * rounded to single precision, whoever computes them.
 */
export interface LevelMap {
  readonly scale: [number, number, number]
  readonly shift: [number, number, number]
}

/** The map to `(level / 255 - mean) / std`; to the level itself without normalisation. */
export function levelMap(normalisation: Normalisation | undefined): LevelMap {
  if (!normalisation) return { scale: [1, 1, 1], shift: [0, 0, 0] }
  const { mean, std } = normalisation
  return {
    scale: [1 / (255 * std[0]), 1 / (255 * std[1]), 1 / (255 * std[2])],
    shift: [-mean[0] / std[0], -mean[1] / std[1], -mean[2] / std[2]],
  }
}
