import { join } from 'node:path'
import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from '@m2l/engine-native'
import { z } from 'zod'
import { codeSchema, codeVersion } from './code-version.js'
import { engineSchema, engineUsed, peakMib } from './engine-used.js'
import { sha256 } from './file-hash.js'
import { recipeHash } from '../recipe/recipe-hash.js'
import type { Recipe } from '../recipe/read-recipe.js'

const fileName = 'training.json'

export const recipeReferenceSchema = z.strictObject({ name: z.string(), sha256 })

export const trainingRecordSchema = z.strictObject({
  recipe: recipeReferenceSchema,
  seed: z.int(),
  /** By split, `ImageSplit.hash`. */
  splits: z.record(z.string(), sha256),
  /** Of the file from which training started; null where it started from random weights. */
  initialWeights: sha256.nullable(),
  code: codeSchema,
  engine: engineSchema,
  completed: z.boolean(),
  epochs: z.int().min(0),
  bestEpoch: z.int().nullable(),
  /** The best validation accuracy, in fractions of 1. */
  bestAccuracy: z.number().nullable(),
  /** Over all processes that took part: a run that was interrupted has several. */
  seconds: z.number().min(0),
  processes: z.int().min(1),
  peakMib: z.int().min(0),
  /** What a person should know of the weights that it started from or went on with, a line each. */
  notes: z.array(z.string()).default([]),
})

/** What a training run was and took, as its folder keeps it in `training.json`. */
export type TrainingRecord = z.output<typeof trainingRecordSchema>

/** What is known of a training when it begins. */
export interface BegunTraining {
  readonly recipe: Recipe
  readonly folder: string
  readonly splits: TrainingRecord['splits']
  /** The SHA-256 of the file from which it started, if any; null where it is gone. */
  readonly initialWeights?: string | null | undefined
  /** Whether it goes on with what the folder holds. */
  readonly resumed: boolean
  readonly notes: readonly string[]
}

type Progress = Pick<TrainingRecord, 'completed' | 'epochs' | 'bestEpoch' | 'bestAccuracy' | 'seconds'>

/**
 * Begins the record of a training, so that its folder says what it holds whenever the process ends.
 *
 * @returns notes how far the training came, when it ends
 * @throws {InputError} when the record of the training that it goes on with cannot be read
 */
export async function beginTrainingRecord(begun: BegunTraining): Promise<(end: Progress) => Promise<void>> {
  const { recipe, folder, splits, initialWeights, resumed, notes } = begun
  const earlier = resumed ? await readTrainingRecord(folder) : undefined
  const record: TrainingRecord = {
    recipe: { name: recipe.name, sha256: recipeHash(recipe) },
    seed: recipe.seed,
    splits,
    initialWeights: earlier ? earlier.initialWeights : (initialWeights ?? null),
    code: await codeVersion(),
    engine: await engineUsed(),
    completed: false,
    epochs: earlier?.epochs ?? 0,
    bestEpoch: earlier?.bestEpoch ?? null,
    bestAccuracy: earlier?.bestAccuracy ?? null,
    seconds: earlier?.seconds ?? 0,
    processes: (earlier?.processes ?? 0) + 1,
    peakMib: earlier?.peakMib ?? 0,
    notes: [...notes],
  }
  const write = (content: TrainingRecord) =>
    writeFileAtomically(join(folder, fileName), `${JSON.stringify(content, null, 2)}\n`)
  await write(record)
  return ({ completed, epochs, bestEpoch, bestAccuracy, seconds }) =>
    write({
      ...record,
      completed,
      epochs,
      bestEpoch,
      bestAccuracy,
      seconds: Number((record.seconds + seconds).toFixed(1)),
      peakMib: Math.max(record.peakMib, peakMib()),
    })
}

/**
 * The record of the training in a folder; nothing where it holds none.
 *
 * @throws {InputError} when there is one that cannot be read
 */
export async function readTrainingRecord(folder: string): Promise<TrainingRecord | undefined> {
  const file = join(folder, fileName)
  let bytes: Buffer
  try {
    bytes = await readRegularFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return trainingRecordSchema.parse(JSON.parse(decodeText(bytes, file)))
  } catch {
    throw new InputError(`${file}: expected the record of a training; delete it, or train again (--restart)`)
  }
}
