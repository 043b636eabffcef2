import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createBackbone } from '@m2l/backbones'
import { graphFunction, randomKey, randomUniform, tf } from '@m2l/engine'
import { FewShotClassifier, parseRecipe } from '@m2l/m2l'
import { createModel } from '@m2l/model'
import type { StateDict } from '@m2l/nn'
import type { Job } from '../work.js'
import { graphOptions } from './graph-options.js'
import { timed, warmUp } from './timed.js'

/**
 * Images per second of EfficientNet-Lite0 in evaluation: the averages of its last map, of 32 pictures of
 * 224x224.
 */
export async function measureEmbedding(job: Job): Promise<readonly number[]> {
  const { count, side } = job.quick ? { count: 2, side: 32 } : { count: 32, side: 224 }
  const backbone = createBackbone('EfficientNet-Lite0', randomKey(1))
  shiftBatchNorms(backbone.state)
  const embed = graphFunction(
    (inputs: { images: tf.Tensor }) => {
      const map = backbone.embed(inputs.images as tf.Tensor4D, { training: false })
      return { features: tf.mean(map, [1, 2]) }
    },
    { ...graphOptions(job), frozen: true, anyBatch: true },
  )
  const images = tf.randomNormal([count, side, side, 3])
  const seconds = timed(() => {
    const { features } = embed({ images })
    features.dataSync()
    features.dispose()
  }, job.repeats)
  return seconds.map((each) => count / each)
}

const recipe = `
model: { encoder: EfficientNet-Lite0, levels: { global: { similarity: cosine } } }
`

/**
 * Images per second of JPEG files that are read, decoded, resized to 224x224 and embedded, as a classifier
 * embeds them.
 */
export async function measureDecodingAndEmbedding({ data, repeats }: Job): Promise<readonly number[]> {
  const model = createModel(parseRecipe(recipe, 'bench.yaml'))
  shiftBatchNorms(model.state)
  const classifier = FewShotClassifier.fromModel(model, {
    size: 224,
    resize: 'square',
    filter: 'bilinear',
    mean: [127, 127, 127],
    deviation: [128, 128, 128],
  })
  const files = (await readdir(data!)).toSorted().map((name) => join(data!, name))
  const rates: number[] = []
  for (let pass = 0; pass < warmUp + repeats; pass++) {
    const start = performance.now()
    let embedded = 0
    for await (const { positions } of classifier.embedBatches(files)) embedded += positions.length
    rates.push((embedded * 1000) / (performance.now() - start))
  }
  classifier.dispose()
  return rates.slice(warmUp)
}

/**
 * Moves the means of batch norms away from zero, where they are in a new network but in no trained one:
 * TensorFlow would leave additions of zero out of a frozen graph, and then not join convolutions and
 * activations.
 */
function shiftBatchNorms(state: StateDict): void {
  for (const [name, { value }] of Object.entries(state)) {
    if (!name.endsWith('.running_mean')) continue
    tf.tidy(() => value.assign(randomUniform(randomKey(2).fold(name), value.shape).sub(0.5)))
  }
}
