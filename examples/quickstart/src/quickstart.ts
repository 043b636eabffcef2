import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadEngine } from '@m2l/engine'
import { leaveOnBrokenPipe, writeFileAtomically } from '@m2l/engine-native'
import {
  evaluateRecipe,
  openRecipeDataset,
  pretrainRecipe,
  readRecipe,
  requireSplit,
  trainRecipe,
  type Recipe,
} from '@m2l/m2l'
import { episodeTransforms } from '@m2l/model'
import { readManifest } from '@m2l/samplers'
import { EpisodeImages, evaluate, type Interval } from '@m2l/trainer'
import { nearestPixelModel } from './nearest-pixel.js'
import { accuracyTable, say, showProgress, showRendering, showValidation } from './terminal.js'

const { values: options, positionals: overrides } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const configs = fileURLToPath(new URL('../../../configs/emoji/', import.meta.url))
const show = { onProgress: showProgress, onValidation: showValidation, onRender: showRendering }

leaveOnBrokenPipe()
await loadEngine()

say('1/3 pretraining Conv-64F-4x to tell emoji apart')
const pretraining = await pretrainRecipe(
  await readRecipe(join(configs, 'pretrain_Conv64F-4x.yaml'), overrides),
  {
    existing: 'restart',
    ...show,
  },
)

say('2/3 training all three levels on 5-way 1-shot episodes')
const recipe = await readRecipe(join(configs, 'M2L_N5K1_Conv64F-4x.yaml'), overrides)
const training = await trainRecipe(recipe, { existing: 'restart', ...show })

say('3/3 evaluating on emoji that were never seen')
const report = await evaluateRecipe(recipe, show)
const baseline = await nearestPixelAccuracy(recipe, report.manifest)

const { fused: m2l, ...levels } = report.accuracy
const { fused: m2lInterval, ...levelIntervals } = report.interval95
const result = {
  episodes: report.episodes,
  accuracy: { m2l: m2l!, ...levels, nearestPixel: baseline.mean },
  interval95: { m2l: m2lInterval!, ...levelIntervals, nearestPixel: baseline.halfWidth95 },
  seconds: { pretrain: pretraining.seconds, train: training.seconds, evaluate: report.seconds },
}
const resultFile = join(recipe.folder, 'quickstart.json')
await writeFileAtomically(resultFile, `${JSON.stringify(result, null, 2)}\n`)

if (options.json) console.log(JSON.stringify(result))
else {
  console.log(accuracyTable(result))
  console.log(`checkpoint  ${report.checkpoint}\nepisodes    ${report.manifest}\nresult      ${resultFile}`)
}

/** The baseline on the very same episodes. */
async function nearestPixelAccuracy(from: Recipe, manifestFile: string): Promise<Interval> {
  const dataset = await openRecipeDataset(from, ['test'])
  const { episodes } = await readManifest(manifestFile)
  const images = new EpisodeImages(dataset, requireSplit(from, dataset, 'test'), episodeTransforms(from))
  const evaluation = await evaluate({ model: nearestPixelModel(), images, episodes })
  await dataset.close()
  return evaluation.fused
}
