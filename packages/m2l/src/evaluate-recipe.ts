import { enginePrecision } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import { manifestHash, openManifest, writeManifest, type EpisodeManifest } from '@m2l/samplers'
import {
  EpisodeImages,
  evaluate,
  interval95,
  openRunFolder,
  type BankOptions,
  type Evaluation,
  type Interval,
} from '@m2l/trainer'
import { episodeTransforms, type EvaluatedModel, storedRecipe } from '@m2l/model'
import { writeCard } from './cards/make-card.js'
import { recipeClassNames } from './class-names/recipe-class-names.js'
import { requireComparable } from './compare/require-comparable.js'
import { picturesHash } from './agreement/pictures-hash.js'
import type { AgreementCheck, AgreementOptions } from './agreement/agreement.js'
import { describeDifferences, settingDifferences } from './agreement/settings.js'
import type { EvaluationReport } from './evaluation/evaluation-report.js'
import { episodesByShots } from './evaluation/episodes-by-shots.js'
import { evaluationPage } from './pages/evaluation-page.js'
import { divideEvaluation } from './pages/shots-section.js'
import {
  notesOfSlowness,
  openRecipeDataset,
  requireSplit,
  splitNames,
  type DataOptions,
} from './data/recipe-data.js'
import { writePredictions } from './evaluation/predictions-file.js'
import { evaluationId, leaveResult, resultFilesIn } from './evaluation/result-files.js'
import type { RecipeRunOptions } from './run/recipe-run.js'
import type { Recipe } from './recipe/read-recipe.js'
import { testManifest } from './data/test-manifest.js'
import { trainedModel } from './model/trained-model.js'
import { weightsFile } from './weights/weights-file.js'

/** What to evaluate, and on what. */
export interface EvaluateOptions
  extends Pick<RecipeRunOptions, 'onProgress' | keyof DataOptions>, BankOptions, AgreementOptions {
  /**
   * The checkpoint: shipped or fetched weights by name, a safetensors file or of PyTorch; the best of the run
   * folder if not given.
   */
  readonly checkpoint?: string
  /**
   * A manifest of episodes to replay, or its digest, of the split that it names; of the test split, drawn
   * from the recipe's seed if not given.
   */
  readonly manifest?: string
  /**
   * The file of a page that shows the evaluation, with its curves and pictures; none is made if not given.
   */
  readonly page?: string
  /**
   * The file of a card: the result with all that it depends on (see {@link ResultCard}); none is made if not
   * given.
   */
  readonly card?: string
  /** Run folders of other results on the same episodes, with which the card compares this one. */
  readonly against?: readonly string[]
}

/**
 * Evaluates a checkpoint on the test split, and leaves the episodes (`test-manifest.jsonl`), what was
 * predicted (`predictions.jsonl`) and the result (`result.json`) in the run folder, and a page where one is
 * asked for. A result of another evaluation that the folder holds is moved into `earlier/` there.
 *
 * @throws {InputError} when the data, the checkpoint or the manifest cannot be used, the checkpoint was
 *   trained with other settings or on classes of the split and is not to be taken nevertheless, or a feature
 *   bank that is too large for memory cannot be kept on disk
 */
export async function evaluateRecipe(
  asked: Recipe,
  options: EvaluateOptions = {},
): Promise<EvaluationReport> {
  const { card: resultCard, ...asRun } = options
  await requireComparable(options)
  const trained = await trainedModel(asked, options.checkpoint, asRun)
  const { recipe, model, checkpoint, agreement } = trained
  try {
    const folder = await openRunFolder(recipe.folder)
    const replayed = options.manifest === undefined ? undefined : await openManifest(options.manifest)
    const split = splitNames.find((name) => name === replayed?.split) ?? 'test'
    const dataset = await openRecipeDataset(recipe, [split], options)
    try {
      const images = new EpisodeImages(
        dataset,
        requireSplit(recipe, dataset, split),
        episodeTransforms(recipe),
      )
      const manifest = replayed?.of(images.split) ?? testManifest(recipe, dataset)
      agreement.compareClasses(trained.learning, images.split, images.split.name !== 'test')
      if (replayed) compareEpisodes(recipe, options.manifest!, manifest, agreement)
      const classNames = images.split.classes.map(({ name }) => name)
      const { names: displayNames, notes } = await recipeClassNames(recipe, classNames)
      for (const note of notes) options.onNote?.(note)
      const byShots = options.page === undefined ? [] : episodesByShots(manifest, images.split, recipe.seed)
      const episodes = [...manifest.episodes, ...byShots.flatMap((of) => of.episodes)]
      const divided = divideEvaluation(
        await evaluate({ ...options, ...notesOfSlowness(options), model, images, episodes }),
        manifest,
        byShots,
      )
      const { evaluation } = divided
      const pictures = await picturesHash(dataset, images.split)
      const outcome = {
        recipe: recipe.name,
        checkpoint,
        dataset: dataset.name,
        split: images.split.name,
        ways: manifest.ways,
        shots: manifest.shots,
        queries: manifest.queries,
        episodes: manifest.episodes.length,
        precision: enginePrecision(),
        ...semiSupervisedReport(recipe, model, manifest),
        differences: agreement.differences,
        notes: [
          ...agreement.notes,
          ...(manifest.episodes.length === 1
            ? ['one episode is too few for an interval; ± 0 stands for none']
            : []),
        ],
        evaluation: evaluationId({
          episodes: manifestHash(manifest),
          pictures,
          weights: trained.sha256,
          model: storedRecipe(recipe),
          precision: enginePrecision(),
        }),
        weightsHash: trained.sha256,
        picturesHash: pictures,
        chance: 1 / manifest.ways,
        ...accuracies(evaluation),
        rounds: rounds(evaluation, recipe.test.total_testtimes),
      }
      const { page, against = [] } = options
      const files = {
        ...resultFilesIn(folder.path),
        page,
        card: resultCard,
      }
      const stored = {
        ...outcome,
        ...files,
        bank: evaluation.bank!,
        ...(Object.keys(displayNames).length > 0 && { displayNames }),
        seconds: evaluation.seconds,
      }
      const earlier = await leaveResult(
        folder.path,
        outcome.evaluation,
        async ({ predictions, result, ...to }) => {
          await writeManifest(to.manifest, manifest)
          const { hash: splitHash } = images.split
          const header = { ...outcome, splitHash, classNames, manifestHash: manifestHash(manifest) }
          await writePredictions(predictions, header, evaluation)
          await writeFileAtomically(result, `${JSON.stringify(stored, null, 2)}\n`)
        },
      )
      const report = { ...stored, earlier }
      if (page !== undefined) {
        await writeFileAtomically(
          page,
          await evaluationPage({ recipe, model, report, manifest, images, ...divided }),
        )
      }
      if (resultCard !== undefined) {
        const { sha256 } = trained
        const of = { recipe, model, report, split: images.split, manifest, evaluation, against }
        await writeCard(resultCard, { ...of, weights: { file: weightsFile(checkpoint), sha256 } })
      }
      return report
    } finally {
      await dataset.close()
    }
  } finally {
    model.dispose()
  }
}

/** Episodes that were named have ways, shots and queries of their own, whatever the recipe says. */
function compareEpisodes(
  { n_way, k_shot, test }: Recipe,
  file: string,
  { ways, shots, queries }: EpisodeManifest,
  agreement: AgreementCheck,
): void {
  const differences = settingDifferences(
    { n_way: ways, k_shot: shots, 'test.query_per_class_per_episode': queries },
    { n_way, k_shot, 'test.query_per_class_per_episode': test.query_per_class_per_episode },
  )
  if (differences.length === 0) return
  agreement.note(
    `the episodes are those of ${file}, whatever the recipe says: ${describeDifferences(differences)}`,
  )
}

function semiSupervisedReport(
  recipe: Recipe,
  { metric }: Pick<EvaluatedModel, 'metric'>,
  { unlabelled }: EpisodeManifest,
): Pick<EvaluationReport, 'semiSupervised'> {
  if (!unlabelled) return {}
  const { labelledShare, perClass: unlabelledPerClass, distractorClasses } = unlabelled
  const using = recipe.resolved.levels.filter(
    (_, index) => (metric.levels[index]!.level.needsOfUnlabelled ?? []).length > 0,
  )
  const levels = Object.fromEntries(using.map(({ definition, said }) => [definition.name, said]))
  return { semiSupervised: { labelledShare, unlabelledPerClass, distractorClasses, levels } }
}

function accuracies({ fused, levels }: Evaluation): Pick<EvaluationReport, 'accuracy' | 'interval95'> {
  const named: [string, Interval][] = [['fused', fused], ...Object.entries(levels)]
  return {
    accuracy: Object.fromEntries(named.map(([name, { mean }]) => [name, mean])),
    interval95: Object.fromEntries(named.map(([name, { halfWidth95 }]) => [name, halfWidth95])),
  }
}

function rounds({ perEpisode }: Evaluation, times: number): EvaluationReport['rounds'] {
  const { fused } = perEpisode
  const starts = Array.from({ length: times + 1 }, (_, round) => Math.round((round * fused.length) / times))
  return starts.slice(1).flatMap((end, round) => {
    if (starts[round] === end) return [] // a replayed manifest of fewer episodes than rounds
    const { mean, halfWidth95 } = interval95(fused.slice(starts[round], end))
    return { accuracy: mean, interval95: halfWidth95 }
  })
}
