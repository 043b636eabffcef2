import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { count, decodeText, InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { manifestHash, readManifest, type EpisodeManifest } from '@m2l/samplers'
import { z } from 'zod'
import { predictionsHash } from '../evaluation/predictions-file.js'

/** What an evaluation has left: its episodes, and what was predicted in them. */
export interface StoredResult {
  /** As it was named. */
  readonly source: string
  readonly recipe: string
  readonly checkpoint: string
  readonly dataset: string
  readonly split: string
  /** Of the split's classes; absent in the files of versions that did not write them. */
  readonly classNames?: readonly string[]
  /** Over some of the split's pictures; absent likewise. */
  readonly picturesHash?: string
  /** In which convolutions and products were computed; absent likewise. */
  readonly precision?: string
  /** What a person should know before believing it, a line each. */
  readonly notes: readonly string[]
  readonly manifest: EpisodeManifest
  readonly manifestHash: string
  /** By `fused` and each level's name, for each episode the way given to each query. */
  readonly predictions: ReadonlyMap<string, readonly (readonly number[])[]>
}

const headerSchema = z.object({
  format: z.literal('m2l-predictions'),
  version: z.literal(1),
  recipe: z.string(),
  checkpoint: z.string(),
  dataset: z.string(),
  split: z.string(),
  classNames: z.array(z.string()).optional(),
  manifestHash: z.string().optional(),
  picturesHash: z.string().optional(),
  precision: z.string().optional(),
  notes: z.array(z.string()).default([]),
  /** Of all else; absent in the files of versions that did not write it. */
  sha256: z.string().optional(),
  accuracy: z.looseObject({ fused: z.number() }),
})

/**
 * Reads what `evaluateRecipe` leaves in a run folder.
 *
 * @param source the run folder, or its `predictions.jsonl` or `result.json`; `test-manifest.jsonl` lies
 *   beside them
 * @throws {InputError} naming the file, and the line where there is one, when something is missing or
 *   malformed, or the predictions are of other episodes than the manifest beside them
 */
export async function readResult(source: string): Promise<StoredResult> {
  const folder = await folderOf(source)
  const file = join(folder, 'predictions.jsonl')
  const bytes = await readRegularFile(file).catch((error: unknown) => {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${file}: cannot be read; name a run folder in which m2l evaluate has left predictions.jsonl, or that file`,
    )
  })
  const [first, ...lines] = decodeText(bytes, file).trimEnd().split(/\r?\n/)
  const header = parsed(file, 1, first!, headerSchema)
  const { sha256, ...described } = JSON.parse(first!) as { sha256?: string }
  if (sha256 !== undefined && sha256 !== predictionsHash(described, lines)) {
    throw new InputError(
      `${file}: it is damaged or was changed (its SHA-256 is not the one that line 1 names); evaluate again`,
    )
  }
  const manifestFile = join(folder, 'test-manifest.jsonl')
  const manifest = await readManifest(manifestFile)
  const hash = manifestHash(manifest)
  const belongs = header.manifestHash === undefined || header.manifestHash === hash
  if (!belongs || lines.length !== manifest.episodes.length) {
    throw new InputError(
      `${file}: its predictions are not of the ${count(manifest.episodes.length, 'episode')} of ${manifestFile}; evaluate again`,
    )
  }
  const names = Object.keys(header.accuracy)
  const queries = manifest.ways * manifest.queries
  const ways = z
    .array(
      z
        .int()
        .min(0)
        .max(manifest.ways - 1),
    )
    .length(queries)
  const row = z.object(Object.fromEntries(names.map((name) => [name, ways])))
  const rows = lines.map((line, index) => parsed(file, index + 2, line, row))
  const { recipe, checkpoint, dataset, split, classNames, picturesHash, precision, notes } = header
  return {
    source,
    recipe,
    checkpoint,
    dataset,
    split,
    classNames,
    picturesHash,
    precision,
    notes,
    manifest,
    manifestHash: hash,
    predictions: new Map(names.map((name) => [name, rows.map((ofEpisode) => ofEpisode[name]!)])),
  }
}

async function folderOf(source: string): Promise<string> {
  const found = await stat(source).catch(() => undefined)
  if (!found) throw new InputError(`${source}: does not exist; name a run folder, or a file in one`)
  if (found.isDirectory()) return source
  if (['predictions.jsonl', 'result.json', 'test-manifest.jsonl'].includes(basename(source)))
    return dirname(source)
  throw new InputError(
    `${source}: expected a run folder, or the predictions.jsonl or result.json in one; m2l evaluate leaves them`,
  )
}

function parsed<Schema extends z.ZodType>(
  file: string,
  line: number,
  text: string,
  schema: Schema,
): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InputError(`${file}: line ${line}: expected JSON; is this a file of m2l evaluate?`)
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InputError(
    `${file}: line ${line}: expected predictions of m2l evaluate, but ${issue!.path.join('.')}: ${issue!.message}`,
  )
}
