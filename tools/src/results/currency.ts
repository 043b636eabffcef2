import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import {
  fileHash,
  openRecipeDataset,
  readCard,
  readTrainingRecord,
  recipeHash,
  weightsFile,
  type Recipe,
  type ResultCard,
  type TrainingRecord,
} from '@m2l/m2l'
import type { Precision } from './plan.js'

/** `ImageSplit.hash` of each split of a data set. */
export type SplitHashes = Readonly<Record<string, string>>

/** Reads which images recipes have before them, once for each data set. */
export class DataHashes {
  readonly #known = new Map<string, Promise<SplitHashes>>()

  /** @throws {InputError} when the data set cannot be opened */
  of(recipe: Recipe): Promise<SplitHashes> {
    const { dataset, image_dir, split } = recipe.data
    const key = JSON.stringify([dataset, image_dir, split])
    const known = this.#known.get(key) ?? splitHashes(recipe)
    this.#known.set(key, known)
    return known
  }
}

async function splitHashes(recipe: Recipe): Promise<SplitHashes> {
  const dataset = await openRecipeDataset(recipe, ['train', 'val', 'test'])
  await dataset.close()
  return Object.fromEntries(Object.entries(dataset.splits).map(([name, { hash }]) => [name, hash]))
}

/** What a training is to be. */
export interface WantedTraining {
  readonly recipe: Recipe
  readonly precision: Precision
  readonly splits: SplitHashes
  /** The file from which it starts, if any. */
  readonly initialWeights?: string
}

/** How far the run folder has what is wanted: all, a beginning, or nothing of it. */
export async function trainingState(wanted: WantedTraining): Promise<'complete' | 'begun' | 'none'> {
  const { recipe, initialWeights } = wanted
  const record = await readTrainingRecord(recipe.folder)
  if (!record || !isTrainingOf(record, wanted)) return 'none'
  const weights = initialWeights === undefined ? null : await fileHash(initialWeights)
  if (record.initialWeights !== weights) return 'none'
  return record.completed && existsSync(join(recipe.folder, 'best.safetensors')) ? 'complete' : 'begun'
}

/** Whether a record is of a recipe, its data and its precision; of what it started from is not asked. */
function isTrainingOf(record: TrainingRecord, { recipe, precision, splits }: WantedTraining): boolean {
  return (
    record.recipe.sha256 === recipeHash(recipe) &&
    record.engine.precision === precision &&
    Object.entries(record.splits).every(([name, hash]) => splits[name] === hash)
  )
}

/** What a card is to be of. */
export interface WantedCard {
  readonly recipe: Recipe
  readonly precision: Precision
  readonly splits: SplitHashes
  readonly manifest: string
  /** Whether it compares with another result. */
  readonly isCompared: boolean
  readonly shipped?: string
  readonly training?: WantedTraining
  readonly pretraining?: WantedTraining
}

/** Whether there is a card of this recipe, data, episodes and training, which then need not be done again. */
export async function cardIsCurrent(file: string, wanted: WantedCard): Promise<boolean> {
  if (!existsSync(file)) return false
  const card = await readCard(file)
  return (
    card.recipe.sha256 === recipeHash(wanted.recipe) &&
    card.data.sha256 === wanted.splits['test'] &&
    card.episodes.manifest === digestHash(wanted.manifest) &&
    card.engine.precision === wanted.precision &&
    card.paired.some(({ with: { level } }) => level === 'fused') === wanted.isCompared &&
    (await isTrainedAs(card, wanted))
  )
}

async function isTrainedAs(
  card: ResultCard,
  { shipped, training, pretraining }: WantedCard,
): Promise<boolean> {
  if (shipped !== undefined) return card.weights.sha256 === (await fileHash(weightsFile(shipped)))
  const agree = (record: TrainingRecord | null, wanted: WantedTraining | undefined) =>
    record && wanted ? isTrainingOf(record, wanted) : !record && !wanted
  return agree(card.training, training) && agree(card.pretraining, pretraining)
}

/** @throws {InputError} when the manifest's digest is not there */
function digestHash(file: string): string {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { sha256: string }).sha256
  } catch {
    throw new InputError(
      `${file}: expected the digest of a manifest; npm run results:run -- --manifests writes it`,
    )
  }
}
