import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { z } from 'zod'
import { codeSchema } from './code-version.js'
import { engineSchema } from './engine-used.js'
import { sha256 } from './file-hash.js'
import { recipeReferenceSchema, trainingRecordSchema } from './training-record.js'

const format = 'm2l-card'
const fraction = z.number().min(0).max(1)

const pairedSchema = z.strictObject({
  /**
   * What the fused prediction is compared with: its own best level alone, or the fused prediction of another
   * result.
   */
  with: z.strictObject({ recipe: z.string(), level: z.string() }),
  /** Mean difference of the accuracies in the same episodes, above 0 where this result is better. */
  difference: z.number(),
  /** Half the width of its 95 % interval (Student's t over episodes). */
  interval95: z.number().min(0),
  /** Of a permutation test with 10,000 permutations. */
  pPermutation: fraction,
})

const cardSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(1),
  recipe: recipeReferenceSchema,
  seed: z.int(),
  data: z.strictObject({
    name: z.string(),
    split: z.string(),
    /** SHA-256 over class names and image ids, `ImageSplit.hash`. */
    sha256,
    classes: z.int(),
    images: z.int(),
    /** SHA-256 over some of the pictures; absent in cards of versions that did not write it. */
    pictures: sha256.exactOptional(),
  }),
  episodes: z.strictObject({
    /** `manifestHash` of the episodes. */
    manifest: sha256,
    count: z.int(),
    ways: z.int(),
    shots: z.union([z.int(), z.array(z.int())]),
    queries: z.int(),
  }),
  weights: z.strictObject({
    /** Of the file. */
    sha256,
    /** Of the model. */
    parameters: z.int(),
  }),
  code: codeSchema,
  engine: engineSchema,
  /** Settings in which the recipe contradicts the weights, which were taken nevertheless. */
  differences: z
    .array(z.strictObject({ setting: z.string(), stored: z.unknown(), asked: z.unknown() }))
    .default([]),
  /** What a person should know before believing the accuracies, a line each. */
  notes: z.array(z.string()).default([]),
  /** In fractions of 1: of the fused prediction as `fused`, and of each level alone under its name. */
  accuracy: z.record(z.string(), fraction),
  /** Half widths of the 95 % intervals, under the same names. */
  interval95: z.record(z.string(), fraction),
  /** What guessing gives, in fractions of 1; absent in cards of versions that did not write it. */
  chance: fraction.exactOptional(),
  paired: z.array(pairedSchema),
  /** Of the evaluation. */
  seconds: z.number(),
  peakMib: z.int(),
  /** How the weights were trained, and what they were trained from; null where their folders do not tell. */
  training: trainingRecordSchema.nullable(),
  pretraining: trainingRecordSchema.nullable(),
})

/** A result with all that it depends on: recipe, data, episodes, weights, code and engine. */
export type ResultCard = z.output<typeof cardSchema>

/** The difference of two predictions in the same episodes. */
export type PairedResult = z.output<typeof pairedSchema>

/**
 * Reads a card.
 *
 * @throws {InputError} when it cannot be read or is none
 */
export async function readCard(file: string): Promise<ResultCard> {
  let value: unknown
  try {
    value = JSON.parse(decodeText(await readRegularFile(file), file))
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${file}: expected a card of m2l evaluate --card, but it cannot be read (${(error as Error).message})`,
    )
  }
  const result = cardSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InputError(
    `${file}: expected a card of m2l evaluate --card, but ${issue!.path.join('.') || 'it'}: ${issue!.message}`,
  )
}
