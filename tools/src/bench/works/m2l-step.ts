import { randomKey, tf } from '@m2l/engine'
import { parseRecipe } from '@m2l/m2l'
import { createModel, type EpisodeTensors, type ImageTensors } from '@m2l/model'
import { sgd } from '@m2l/nn'
import { episodeStep } from '@m2l/trainer'
import type { Job } from '../work.js'
import { graphOptions } from './graph-options.js'
import { timed } from './timed.js'

const [ways, partsPerImage] = [5, 13]

/**
 * A training step of M2L with all three levels on one 5-way 1-shot episode of 6 queries a class: 490 views.
 */
export async function measureM2lStep(encoder: string, side: number, job: Job): Promise<readonly number[]> {
  const model = createModel(parseRecipe(`model: { encoder: ${encoder} }`, 'bench.yaml'))
  const optimiser = sgd(model.state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  const step = episodeStep(model, optimiser, graphOptions(job))
  const episode = job.quick ? randomEpisode(1, 32) : randomEpisode(6, side)
  return timed(() => {
    const measures = step([episode], 5e-4, randomKey(1))
    measures.loss.dataSync()
    tf.dispose(Object.values(measures))
  }, job.repeats)
}

function randomEpisode(queriesPerClass: number, side: number): EpisodeTensors {
  const images = (count: number): ImageTensors => ({
    count,
    whole: tf.randomNormal([count, side, side, 3]),
    parts: tf.randomNormal([count * partsPerImage, side, side, 3]),
  })
  const labels = Array.from({ length: ways * queriesPerClass }, (_, query) =>
    Math.floor(query / queriesPerClass),
  )
  return {
    support: images(ways),
    shots: Array.from({ length: ways }, () => 1),
    query: images(labels.length),
    labels: tf.tensor1d(labels, 'int32'),
  }
}
