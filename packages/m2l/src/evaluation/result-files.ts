import { createHash } from 'node:crypto'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '@m2l/engine-native'
import { fileExists, lockRunFolder } from '@m2l/trainer'

/** What an evaluation leaves in a run folder. */
const resultFileNames = {
  manifest: 'test-manifest.jsonl',
  predictions: 'predictions.jsonl',
  result: 'result.json',
} as const

/** The folder in a run folder in which earlier results are kept, each in one of its own. */
const earlierFolder = 'earlier'

/**
 * Names an evaluation by all that its numbers depend on: the same name, the same numbers.
 *
 * @returns a SHA-256 in hexadecimal
 */
export function evaluationId(of: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex')
}

/** The files of a result. */
export interface ResultFiles {
  readonly manifest: string
  readonly predictions: string
  readonly result: string
}

/** Others write a result in less than this, in milliseconds. */
const patience = 60_000

/**
 * Writes a result into a run folder. Processes that evaluate into one folder do so one after the other, and a
 * result of another evaluation is kept, see {@link keepEarlierResult}.
 *
 * @param id of the evaluation, see {@link evaluationId}
 * @param write writes its files
 * @returns where an earlier result was kept
 */
export async function leaveResult(
  folder: string,
  id: string,
  write: (files: ResultFiles) => Promise<void>,
): Promise<string | undefined> {
  const lock = await lockRunFolder(folder, { name: 'results.lock', wait: patience })
  try {
    const kept = await keepEarlierResult(folder, id)
    await write(resultFilesIn(folder))
    return kept
  } finally {
    await lock.release()
  }
}

/** Where the files of a result are in a folder. */
export function resultFilesIn(folder: string): ResultFiles {
  const paths = Object.entries(resultFileNames).map(([key, name]) => [key, join(folder, name)])
  return Object.fromEntries(paths) as unknown as ResultFiles
}

/**
 * Moves the result in a run folder aside, into `earlier/<name>`, unless it is of the same evaluation; nothing
 * of it is lost when the new one takes its place.
 *
 * @param id of the new evaluation
 * @returns where it is now; nothing where there was none, or it is of the same evaluation
 */
async function keepEarlierResult(folder: string, id: string): Promise<string | undefined> {
  const result = join(folder, resultFileNames.result)
  const found = await storedResult(result)
  if (!found || found.evaluation === id) return undefined
  const name = typeof found.evaluation === 'string' ? found.evaluation : evaluationId(found)
  const kept = join(folder, earlierFolder, name.slice(0, 12))
  await mkdir(kept, { recursive: true })
  for (const file of [resultFileNames.manifest, resultFileNames.predictions]) {
    if (await fileExists(join(folder, file))) await rename(join(folder, file), join(kept, file))
  }
  const described = { ...found, ...resultFilesIn(kept) }
  await writeFileAtomically(join(kept, resultFileNames.result), `${JSON.stringify(described, null, 2)}\n`)
  return kept
}

/** What a file says if it is a result; something that cannot be read is a result, too, and not to be lost. */
async function storedResult(file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { unreadable: text }
  }
}

/**
 * The SHA-256 of the weights whose result a folder holds; nothing where it holds none, or it does not say.
 */
export async function weightsEvaluatedIn(folder: string): Promise<string | undefined> {
  const hash = (await storedResult(resultFilesIn(folder).result))?.weightsHash
  return typeof hash === 'string' ? hash : undefined
}
