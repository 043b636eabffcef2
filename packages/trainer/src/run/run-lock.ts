import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { InputError } from '@m2l/engine'
import { z } from 'zod'
import { hasEnded, placeSchema, placeOfProcess, processIdentity } from './process-identity.js'

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the run began, for people. */
  started: z.string(),
  /** Tells the process from a later one of the same number; null where the system does not say. */
  process: z.string().nullable(),
  /** Where process numbers mean the same; absent in locks of versions that did not write it. */
  place: placeSchema.exactOptional(),
  /** Tells this lock from every other. */
  id: z.string().exactOptional(),
})

type Holder = z.output<typeof holderSchema>

/** A run folder that is this process's alone. */
export interface RunLock {
  /** Gives the folder free. */
  release(): Promise<void>
  /**
   * Makes sure that nobody has taken the folder over, as by removing the lock of a run that was thought to
   * have ended.
   *
   * @throws {InputError} naming who has; this process must then write nothing there
   */
  requireHeld(): Promise<void>
}

/**
 * Keeps other runs out of a run folder, by a file `run.lock` in it that names this process: however the
 * folder is reached, by a link or mounted elsewhere, the lock is the same. One whose process has surely ended
 * counts for nothing: its number is free or another process's by now, or the machine has started anew. A
 * process of another machine, or of another container, cannot be looked at from here, although its machine
 * may have the same name; its lock is respected until a person removes it.
 *
 * (proper-lockfile tells living owners by a file time that they renew; a training step may hold up timers for
 * longer than any time after which a lock should be taken over.)
 *
 * @param path the folder
 * @param options `name` of the lock's file where it keeps others out of a part of the folder only, and for
 *   how many milliseconds another's end is waited for; not at all if not given
 * @throws {InputError} naming the process that writes into the folder and when it began
 */
export async function lockRunFolder(
  path: string,
  { name = 'run.lock', wait = 0 }: { readonly name?: string; readonly wait?: number } = {},
): Promise<RunLock> {
  const file = join(path, name)
  const until = performance.now() + wait
  const { pid } = process
  const own: Holder = {
    pid,
    host: hostname(),
    started: new Date().toISOString(),
    process: await processIdentity(pid),
    place: await placeOfProcess(),
    id: randomUUID(),
  }
  const text = `${JSON.stringify(own)}\n`
  while (!(await createWhole(file, text))) {
    const found = await readFile(file, 'utf8').catch(() => undefined)
    if (found === undefined) continue
    const holder = parseHolder(found)
    if (!holder && (await isBeingWritten(file, found))) continue
    if (holder && !(await hasEnded(holder))) {
      if (performance.now() >= until) throw new InputError(refusal(path, file, holder, own))
      await setTimeout(50)
      continue
    }
    await removeExactly(file, found)
  }
  return {
    release: () => removeExactly(file, text),
    async requireHeld() {
      const found = await readFile(file, 'utf8').catch(() => undefined)
      if (found === text) return
      const holder = found === undefined ? undefined : parseHolder(found)
      const by = holder
        ? `another run has taken it over (process ${holder.pid} on ${holder.host}, since ${holder.started})`
        : `its ${name} is gone, so another run may have taken it over`
      throw new InputError(`${path}: ${by}; this run stops and writes nothing more there`)
    },
  }
}

/** Where a file system has no links, a lock is there a moment before it is whole. */
async function isBeingWritten(file: string, found: string): Promise<boolean> {
  await setTimeout(200)
  return (await readFile(file, 'utf8').catch(() => undefined)) !== found
}

function refusal(path: string, file: string, { pid, host, started, place }: Holder, own: Holder): string {
  const isHere = host === own.host && JSON.stringify(place) === JSON.stringify(own.place)
  const where = isHere
    ? ''
    : ` on ${host}${host === own.host ? ', in another container or machine of this name' : ''}`
  const remedy = isHere
    ? 'let it end, or choose another folder with run.folder=FOLDER'
    : `let it end, choose another folder with run.folder=FOLDER, or remove ${file} if it has ended`
  return `${path}: another run is writing here (process ${pid}${where}, since ${started}); ${remedy}`
}

function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Creates a file that is whole from the beginning. @returns false where it exists. */
async function createWhole(file: string, text: string): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    await handle.writeFile(text).finally(() => handle.close())
    await link(temporary, file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error
      await writeFile(file, text, { flag: 'wx' }) // where the file system has no links
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Removes a file if it holds this text; what another process has put in its place meanwhile is put back. */
async function removeExactly(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.tmp`
  try {
    await rename(file, aside)
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    await rm(aside, { force: true })
  }
}
