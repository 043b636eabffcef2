import { randomUUID } from 'node:crypto'
import { copyFile, link, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { syncFolder } from '@m2l/engine-native'
import { assignCheckpoint } from '@m2l/model'
import { prefixed, requireFiniteTensors, type StateDict } from '@m2l/nn'
import { parsePosition, saveCheckpoint } from './checkpoint.js'
import type { CheckpointContent, TrainingPosition } from './checkpoint.js'
import { readCheckpoint, type StoredCheckpoint } from './read-checkpoint.js'
import { fileExists, type RunFolder } from './run-folder.js'

/** How many checkpoints of a run are kept, the newest among them, where nothing else is said. */
const checkpointsKept = 2

/** The file of the checkpoint that is `age` checkpoints older than the newest. */
function fileOf(folder: RunFolder, age: number): string {
  return age === 0 ? folder.last : join(folder.path, `last-${age}.safetensors`)
}

/**
 * Saves the newest checkpoint of a run. Those before it become `last-1`, `last-2` and so on, as many as are
 * kept; the best one is none of them and stays. Whenever the process is killed, `last` is whole.
 *
 * @param keep how many to keep, this one among them; at least 1
 * @throws {InputError} when it cannot be written; the one before is then as it was
 */
export async function saveNewest(
  folder: RunFolder,
  content: CheckpointContent,
  keep = checkpointsKept,
): Promise<void> {
  await saveCheckpoint(folder.next, content)
  for (let age = keep - 1; age > 1; age--) await renameIfThere(fileOf(folder, age - 1), fileOf(folder, age))
  if (keep > 1 && (await fileExists(folder.last))) await duplicate(folder.last, fileOf(folder, 1))
  await rename(folder.next, folder.last)
  await syncFolder(folder.path)
  for (const age of await agesIn(folder)) if (age >= keep) await rm(fileOf(folder, age), { force: true })
}

/** A run as its newest whole checkpoint tells. */
export interface Newest {
  readonly position: TrainingPosition
  /** What its checkpoint says of itself. */
  readonly metadata: StoredCheckpoint['metadata']
  /** One line for each checkpoint that is damaged, newer than the one that is used. */
  readonly damaged: readonly string[]
}

/** Looks at what a checkpoint says of itself before anything of it is used; throws where it is not to be. */
export type AcceptCheckpoint = (metadata: StoredCheckpoint['metadata'], file: string) => void

/**
 * Restores the newest checkpoint of a run that is whole. Damaged ones that are newer are set aside as
 * `….damaged`.
 *
 * @param accept may refuse it; nothing is then changed
 * @throws {InputError} when none is whole, or the model is of another architecture
 */
export async function loadNewest(
  folder: RunFolder,
  into: { readonly model: StateDict; readonly optimiser: StateDict },
  accept: AcceptCheckpoint = () => {},
): Promise<Newest> {
  const faults: { readonly file: string; readonly message: string }[] = []
  for (const age of await agesIn(folder)) {
    const file = fileOf(folder, age)
    const read = await readWhole(file)
    if ('fault' in read) {
      faults.push({ file, message: read.fault.message })
      continue
    }
    accept(read.checkpoint.metadata, file)
    assignCheckpoint(file, read.checkpoint, into)
    for (const fault of faults) await rename(fault.file, `${fault.file}.damaged`)
    if (age > 0) await rename(file, folder.last)
    return {
      position: read.position,
      metadata: read.checkpoint.metadata,
      damaged: faults.map(({ message }) => `${message}; going on from ${basename(file)}, the one before`),
    }
  }
  const older = faults.length > 1 ? `, nor can the ${faults.length - 1} before it` : ''
  throw new InputError(`${faults[0]?.message ?? `${folder.last}: there is no checkpoint`}${older}`)
}

/** Whether the folder holds a run that could be gone on with. */
export async function holdsRun(folder: RunFolder): Promise<boolean> {
  return (await agesIn(folder)).length > 0
}

/** The files of all checkpoints of the run but the best. */
export async function checkpointFiles(folder: RunFolder): Promise<string[]> {
  return (await agesIn(folder)).map((age) => fileOf(folder, age))
}

type Read =
  | { readonly checkpoint: StoredCheckpoint; readonly position: TrainingPosition }
  | { readonly fault: InputError }

async function readWhole(file: string): Promise<Read> {
  try {
    const checkpoint = await readCheckpoint(file)
    requireFiniteTensors(prefixed('model', checkpoint.model), file)
    requireFiniteTensors(prefixed('optimiser', checkpoint.optimiser), file)
    return { checkpoint, position: parsePosition(file, checkpoint.position) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { fault: error }
  }
}

/** Of the checkpoints that are there, the newest first. */
async function agesIn({ path, last }: RunFolder): Promise<number[]> {
  const ages = (await readdir(path)).flatMap((name) => {
    if (name === basename(last)) return [0]
    const [, age] = /^last-([1-9]\d{0,5})\.safetensors$/.exec(name) ?? []
    return age === undefined ? [] : [Number(age)]
  })
  return ages.sort((a, b) => a - b)
}

async function renameIfThere(from: string, to: string): Promise<void> {
  if (await fileExists(from)) await rename(from, to)
}

/** The same file under a second name, at once; a copy where the file system has no links. */
async function duplicate(file: string, to: string): Promise<void> {
  const temporary = `${to}.${randomUUID()}.tmp`
  try {
    await link(file, temporary).catch(() => copyFile(file, temporary))
    await rename(temporary, to)
  } finally {
    await rm(temporary, { force: true })
  }
}
