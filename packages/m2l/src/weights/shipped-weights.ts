import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { sha256 } from '../cards/file-hash.js'

const folder = fileURLToPath(new URL('../../weights/', import.meta.url))

const fraction = z.number().min(0).max(1)

const accuracySchema = z.strictObject({
  split: z.string(),
  ways: z.int(),
  shots: z.int(),
  /** Of each class, in an episode. */
  queries: z.int(),
  episodes: z.int(),
  /** In fractions of 1: of the fused prediction as `fused`, and of each level alone under its name. */
  accuracy: z.record(z.string(), fraction),
  /** Half widths of the 95 % intervals, under the same names. */
  interval95: z.record(z.string(), fraction),
})

const cardSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  data: z.strictObject({
    name: z.string(),
    pictures: z.string(),
    licence: z.string(),
    /** `ImageSplit.hash` of those that were learned from and chosen by. */
    splits: z.record(z.string(), sha256),
  }),
  training: z.strictObject({
    /** What was run, in this order, in the root of the repository. */
    commands: z.array(z.string()),
    seed: z.int(),
    /** How the checkpoint was chosen among those of all epochs. */
    chosenBy: z.string(),
    engine: z.string(),
  }),
  /** On classes that no training or choice has seen. */
  accuracy: z.array(accuracySchema),
  /** What the model is good for, and what not. */
  use: z.string(),
  licence: z.string(),
  parameters: z.int(),
  bytes: z.int(),
  /** Of the file. */
  sha256,
})

/** What shipped weights were made of and by, and how good they are. */
export type WeightsCard = z.output<typeof cardSchema>

/** The weights that come with this package: their cards, in the order of their names. */
export function shippedWeights(): WeightsCard[] {
  return shippedNames().map((name) =>
    cardSchema.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))),
  )
}

/** The card of shipped weights by their file; nothing for other files. */
export function shippedCardOf(file: string): WeightsCard | undefined {
  const isShipped = resolve(dirname(file)) === resolve(folder)
  return isShipped ? shippedWeights().find(({ name }) => basename(file) === `${name}.safetensors`) : undefined
}

/** The file of shipped weights, by their name. */
export function shippedFile(name: string): string {
  return join(folder, `${name}.safetensors`)
}

/** Their names, sorted. */
export function shippedNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted()
}
