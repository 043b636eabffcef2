import { createHash } from 'node:crypto'
import { count, decodeText, InputError } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from '@m2l/engine-native'
import * as z from 'zod'
import type { Episode } from './episode.js'
import { episodeFault } from './episode-fault.js'
import type { EpisodeManifest, RecordedUnlabelled } from './manifest.js'

const format = 'm2l-episodes'

const index = z.int().nonnegative()
/** A SHA-256. */
export const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
const int32 = z.int32()

/** What a manifest says of its episodes as a whole. */
export const descriptionSchema = z.strictObject({
  format: z.literal(format),
  /** 2 where the episodes are semi-supervised, 1 where they are not. */
  version: z.literal([1, 2]),
  dataset: z.string(),
  split: z.string(),
  splitHash: hash,
  ways: z.int().min(2),
  shots: z.union([z.int().positive(), z.array(z.int().positive())]),
  queries: z.int().positive(),
  key: z.tuple([int32, int32]),
  first: index,
  episodes: index,
  unlabelled: z
    .strictObject({
      perClass: z.int().positive(),
      distractorClasses: index,
      labelledShare: z.number().gt(0).lt(1),
      divisionKey: z.tuple([int32, int32]),
    })
    .exactOptional(),
})

const headerSchema = descriptionSchema
  .extend({ sha256: hash })
  .refine(({ version, unlabelled }) => version === (unlabelled ? 2 : 1), {
    path: ['unlabelled'],
    message: 'expected with version 2 and only there',
  })

const episodeSchema = z.strictObject({
  classes: z.array(index),
  support: z.array(z.array(index)),
  query: z.array(z.array(index)),
  unlabelled: z.array(z.tuple([index, index])).exactOptional(),
})

type Description = z.infer<typeof descriptionSchema>

/**
 * Writes a manifest as JSON lines: a header that describes the episodes and holds the SHA-256 of everything
 * else in the file, then one episode a line; version 1 where the episodes are supervised, 2 where they are
 * semi-supervised. The same manifest gives the same bytes on every platform. The file appears whole or not at
 * all.
 *
 * @throws InputError when the file cannot be written.
 */
export async function writeManifest(file: string, manifest: EpisodeManifest): Promise<void> {
  const { description, lines } = content(manifest)
  const header = JSON.stringify({ ...description, sha256: contentHash(description, lines) })
  try {
    await writeFileAtomically(file, [header, ...lines, ''].join('\n'))
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${file}: the manifest cannot be written (${reason(error)}); choose a folder that exists and is writable`,
      { cause: error },
    )
  }
}

/**
 * The SHA-256 that a manifest's file names, in hexadecimal: the same for the same episodes of the same split.
 */
export function manifestHash(manifest: EpisodeManifest): string {
  const { description, lines } = content(manifest)
  return contentHash(description, lines)
}

function content(manifest: EpisodeManifest): { description: Description; lines: string[] } {
  const lines = manifest.episodes.map((episode) =>
    JSON.stringify({
      classes: episode.classes,
      support: episode.support,
      query: episode.query,
      unlabelled: episode.unlabelled,
    }),
  )
  return { description: descriptionOf(manifest), lines }
}

/** The description of a manifest's episodes, in the order of the file. */
export function descriptionOf(manifest: EpisodeManifest): Description {
  const { dataset, split, splitHash, ways, shots, queries, key, first, unlabelled, episodes } = manifest
  return {
    format,
    version: unlabelled ? 2 : 1,
    dataset,
    split,
    splitHash,
    ways,
    shots: typeof shots === 'number' ? shots : [...shots],
    queries,
    key: [...key],
    first,
    episodes: episodes.length,
    ...(unlabelled && { unlabelled: recorded(unlabelled) }),
  }
}

/**
 * Reads a manifest and verifies it: header, hash, number and shape of the episodes.
 * Follow with {@link assertManifestMatches} once the split is known.
 *
 * @throws InputError naming the file, and the line where there is one, when the file cannot be read, is no
 *   manifest, is cut off or was changed.
 */
export async function readManifest(file: string): Promise<EpisodeManifest> {
  const text = await readText(file)
  const [headerLine, ...lines] = text.split(/\r?\n/)
  const { sha256, ...description } = parseLine(
    file,
    1,
    headerLine!,
    headerSchema,
    'the header of an episode manifest',
  )
  const unfinished = lines.pop() !== ''
  if (unfinished || lines.length < description.episodes) {
    const last = lines.length + (unfinished ? 2 : 1)
    throw new InputError(
      `${file}: line ${last}: the file is cut off here; expected ${count(description.episodes, 'whole episode')}, write it again`,
    )
  }
  if (lines.length > description.episodes) {
    throw new InputError(
      `${file}: line ${description.episodes + 2}: expected the end of the file after ${count(description.episodes, 'episode')}; write it again`,
    )
  }
  const episodes = lines.map((line, position) => readEpisode(file, position + 2, line, description))
  if (contentHash(description, lines) !== sha256) {
    throw new InputError(
      `${file}: line 1: the content does not have the SHA-256 that the header names, so it was changed after writing; write it again`,
    )
  }
  const { format: _format, version: _version, ...manifest } = description
  return { ...manifest, episodes }
}

/** In the order of the file, whatever the order at hand. */
function recorded(unlabelled: RecordedUnlabelled): Description['unlabelled'] {
  const { perClass, distractorClasses, labelledShare, divisionKey } = unlabelled
  return { perClass, distractorClasses, labelledShare, divisionKey: [...divisionKey] }
}

function readEpisode(file: string, number: number, line: string, description: Description): Episode {
  const episode = parseLine(file, number, line, episodeSchema, 'an episode')
  const fault = episodeFault(episode, description)
  if (fault) throw new InputError(`${file}: line ${number}: ${fault}; write the manifest again`)
  return episode
}

function parseLine<Schema extends z.ZodType>(
  file: string,
  number: number,
  line: string,
  schema: Schema,
  expected: string,
): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new InputError(
      `${file}: line ${number}: expected ${expected} as JSON; is this a file of writeManifest?`,
    )
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const at = issue!.path.length > 0 ? `${issue!.path.join('.')}: ` : ''
  throw new InputError(`${file}: line ${number}: expected ${expected}, but ${at}${issue!.message}`)
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readRegularFile(file)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${file}: the manifest cannot be read (${reason(error)}); give a file written by writeManifest`,
    )
  }
  return decodeText(bytes, file)
}

function contentHash(description: Description, lines: readonly string[]): string {
  const sha256 = createHash('sha256').update(JSON.stringify(description))
  for (const line of lines) sha256.update('\n').update(line)
  return sha256.digest('hex')
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
