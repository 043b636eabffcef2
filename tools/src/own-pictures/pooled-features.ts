import { FewShotClassifier, parseRecipe, type FeatureSet, type GivenImage, type Recipe } from '@m2l/m2l'
import { fetchableWeights } from '@m2l/weights'
import { InputError } from '@m2l/engine'

/** The features of pictures, and how long they took with reading. */
export interface TimedFeatures {
  /** [pictures, 1, 1, channels] */
  readonly features: FeatureSet['map']
  readonly seconds: number
}

/**
 * The mean over positions of the maps that a network makes of pictures.
 *
 * @param weights by their name, or a checkpoint
 * @param recipe what becomes of the network's maps, where it is not as the weights say
 * @throws {InputError} when they cannot be used or have no maps, or naming the first picture that cannot be
 *   read
 */
export async function pooledFeatures(
  weights: string,
  pictures: readonly GivenImage[],
  onProgress: (done: number, total: number) => void,
  recipe?: Recipe,
): Promise<TimedFeatures> {
  const classifier = await FewShotClassifier.load(weights, recipe && { recipe, force: true })
  try {
    const started = performance.now()
    const rows: Float32Array[] = []
    const batches = classifier.embedBatches(pictures, { onProgress })
    for await (const { images } of batches) {
      if (!images.map)
        throw new InputError(`${weights}: looks at parts of pictures alone; name weights with a map`)
      rows.push(...pooled(images.map))
    }
    const channels = rows[0]!.length
    const data = new Float32Array(rows.length * channels)
    rows.forEach((row, index) => data.set(row, index * channels))
    const features = { shape: [rows.length, 1, 1, channels], data }
    return { features, seconds: (performance.now() - started) / 1000 }
  } finally {
    classifier.dispose()
  }
}

function pooled({ shape, data }: FeatureSet['map']): Float32Array[] {
  const [images, height, width, channels] = shape as [number, number, number, number]
  const positions = height * width
  return Array.from({ length: images }, (_, image) => {
    const row = new Float32Array(channels)
    for (let position = 0; position < positions; position++) {
      for (let channel = 0; channel < channels; channel++)
        row[channel]! += data[(image * positions + position) * channels + channel]! / positions
    }
    return row
  })
}

/**
 * How the last map of weights that were fetched is averaged, as the peer does.
 *
 * @returns nothing for other weights
 */
export function lastMapOf(weights: string): Recipe | undefined {
  const encoder = fetchableWeights.find(({ name }) => name === weights)?.encoder
  const model = `{ encoder: ${encoder}, forward_encoding: Mean, levels: { nearest-mean: {} } }`
  return encoder === undefined ? undefined : parseRecipe(`{ model: ${model} }`, weights)
}
