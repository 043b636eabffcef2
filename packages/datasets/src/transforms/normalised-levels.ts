/** Mean and standard deviation of each colour channel, red, green, blue, of values in 0..1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** The value of every 8-bit level in every channel: float32 [256, 3]; the level itself without normalisation. */
export function normalisedLevels(normalisation: Normalisation | undefined): Float32Array {
  const { scale, shift } = normalisation
    ? scaleAndShift(normalisation)
    : { scale: [1, 1, 1], shift: [0, 0, 0] }
  return Float32Array.from({ length: 256 * 3 }, (_, index) => {
    const channel = index % 3
    return Math.floor(index / 3) * scale[channel]! + shift[channel]!
  })
}

/** `(level / 255 - mean) / std` as `level * scale + shift`, by channel. */
export function scaleAndShift({ mean, std }: Normalisation): { scale: number[]; shift: number[] } {
  return {
    scale: std.map((deviation) => 1 / (255 * deviation)),
    shift: mean.map((average, channel) => -average / std[channel]!),
  }
}
