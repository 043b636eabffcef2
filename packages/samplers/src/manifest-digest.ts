import { decodeText, InputError, RandomKey } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from '@m2l/engine-native'
import * as z from 'zod'
import { assertManifestMatches, type EpisodeManifest, sampleManifest } from './manifest.js'
import { descriptionOf, descriptionSchema, hash, manifestHash, readManifest } from './manifest-file.js'
import type { EpisodeSplit } from './possible-episodes.js'

const format = 'm2l-episodes-digest'

const digestSchema = descriptionSchema.extend({ format: z.literal(format), sha256: hash })

type Digest = z.infer<typeof digestSchema>

/**
 * Writes a manifest's digest: all that its episodes are drawn from, and the SHA-256 that they then have. Some
 * hundred bytes stand for thousands of episodes; {@link openManifest} draws them again.
 *
 * @throws InputError when the file cannot be written.
 */
export async function writeManifestDigest(file: string, manifest: EpisodeManifest): Promise<void> {
  const digest: Digest = { ...descriptionOf(manifest), format, sha256: manifestHash(manifest) }
  try {
    await writeFileAtomically(file, `${JSON.stringify(digest, null, 2)}\n`)
  } catch (error) {
    throw new InputError(
      `${file}: the manifest's digest cannot be written (${String((error as Error).message)}); choose a folder that exists and is writable`,
    )
  }
}

/** What a manifest or its digest says before the split that it indexes is at hand. */
export interface StoredManifest {
  /** Name of the split. */
  readonly split: string
  /**
   * The manifest of this split.
   *
   * @throws InputError as {@link assertManifestMatches} does, and when the episodes drawn from a digest are
   *   not those that it was made of.
   */
  of(split: EpisodeSplit): EpisodeManifest
}

/**
 * Reads a manifest or a manifest's digest.
 *
 * @throws InputError as {@link readManifest} does.
 */
export async function openManifest(file: string): Promise<StoredManifest> {
  const digest = await readDigest(file)
  if (digest) return { split: digest.split, of: (split) => drawnAgain(file, digest, split) }
  const manifest = await readManifest(file)
  const of = (split: EpisodeSplit) => {
    assertManifestMatches(manifest, split)
    return manifest
  }
  return { split: manifest.split, of }
}

/** What a file says if it is a digest; nothing where it is something else. */
async function readDigest(file: string): Promise<Digest | undefined> {
  let value: unknown
  try {
    value = JSON.parse(decodeText(await readRegularFile(file), file))
  } catch {
    return undefined
  }
  if ((value as { format?: unknown } | null)?.format !== format) return undefined
  const result = digestSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InputError(
    `${file}: expected the digest of an episode manifest, but ${issue!.path.join('.')}: ${issue!.message}; take the file as it was written`,
  )
}

function drawnAgain(file: string, digest: Digest, split: EpisodeSplit): EpisodeManifest {
  const { sha256, format: _format, version: _version, key, unlabelled, episodes, ...shape } = digest
  assertManifestMatches({ ...shape, key, episodes: [] }, split)
  const manifest = sampleManifest(
    shape.dataset,
    { ...split, name: shape.split },
    {
      ...shape,
      key: new RandomKey(key),
      episodes,
      ...(unlabelled && {
        unlabelled: { ...unlabelled, divisionKey: new RandomKey(unlabelled.divisionKey) },
      }),
    },
  )
  if (manifestHash(manifest) === sha256) return manifest
  throw new InputError(
    `${file}: the episodes drawn from its key do not have its SHA-256 (${sha256.slice(0, 12)}…), so it was changed or made by another version; take the file as it was written, with the version that wrote it`,
  )
}
