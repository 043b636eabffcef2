import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { InputError } from '@m2l/engine'
import { z } from 'zod'

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the run began, for people. */
  started: z.string(),
  /** Tells the process from a later one of the same number; null where the system does not say. */
  process: z.string().nullable(),
})

type Holder = z.output<typeof holderSchema>

/**
 * Keeps other runs out of a run folder, by a file `run.lock` that names this process. A lock whose process has ended, or
 * whose number is another process's by now, counts for nothing.
 *
 * (proper-lockfile tells living owners by a file time that they renew; a training step may hold up timers for longer than
 * any time after which a lock should be taken over.)
 *
 * @param path the folder
 * @returns gives the folder free
 * @throws {InputError} naming the process that writes into the folder and when it began
 */
export async function lockRunFolder(path: string): Promise<() => Promise<void>> {
  const file = join(path, 'run.lock')
  const { pid } = process
  const own: Holder = {
    pid,
    host: hostname(),
    started: new Date().toISOString(),
    process: await identityOf(pid),
  }
  const text = `${JSON.stringify(own)}\n`
  while (!(await createWhole(file, text))) {
    const found = await readFile(file, 'utf8').catch(() => undefined)
    if (found === undefined) continue
    const holder = parseHolder(found)
    if (holder && !(await hasEnded(holder))) throw new InputError(refusal(path, file, holder))
    await removeExactly(file, found)
  }
  return () => removeExactly(file, text)
}

function refusal(path: string, file: string, { pid, host, started }: Holder): string {
  const here = host === hostname()
  const where = here ? '' : ` on ${host}`
  const remedy = here
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

/** Whether the process is surely gone; of another machine nobody here knows. */
async function hasEnded(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true
  }
  const now = await identityOf(holder.pid)
  return now !== null && holder.process !== null && now !== holder.process
}

/** A text that two processes of the same number do not share. */
async function identityOf(pid: number): Promise<string | null> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // After the name, which may hold anything, in parentheses: state, 18 numbers, and when it began (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : `${boot.trim()} ${fields[19]}`
  } catch {
    return begunAccordingToPs(pid)
  }
}

async function begunAccordingToPs(pid: number): Promise<string | null> {
  const words = ['-o', 'lstart=', '-p', String(pid)]
  const { stdout } = await promisify(execFile)('ps', words).catch(() => ({ stdout: '' }))
  return stdout.trim() || null
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
