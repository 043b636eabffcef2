import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { z } from 'zod'

/** Where process numbers mean the same; null where the system does not say. */
export const placeSchema = z.object({
  /** Of the machine, over restarts. */
  machine: z.string().nullable(),
  /** Of this start of it. */
  boot: z.string().nullable(),
  /** The namespace of process numbers, of which a container has one of its own. */
  namespace: z.string().nullable(),
})

type Place = z.output<typeof placeSchema>

/** The namespace of the processes of a machine itself (Linux, `PROC_PID_INIT_INO`). */
const outsideContainers = 'pid:[4026531836]'

/** What is known of a process that holds something. */
export interface Holding {
  readonly pid: number
  readonly host: string
  readonly process: string | null
  readonly place?: Place
}

/** Where this process is. */
export async function placeOfProcess(): Promise<Place> {
  const text = (file: string) =>
    readFile(file, 'utf8').then(
      (content) => content.trim() || null,
      () => null,
    )
  return {
    machine: await text('/etc/machine-id'),
    boot: await text('/proc/sys/kernel/random/boot_id'),
    namespace: await readlink('/proc/self/ns/pid').catch(() => null),
  }
}

/** Whether a process has surely ended; of one that cannot be looked at from here nobody knows. */
export async function hasEnded({ pid, host, process: identity, place }: Holding): Promise<boolean> {
  if (host !== hostname()) return false
  const here = await placeOfProcess()
  const boot = place ? place.boot : bootOf(identity)
  if (boot !== null && here.boot !== null && boot !== here.boot)
    return place !== undefined && hasStartedAnew(place, here)
  if (place && place.namespace !== here.namespace) return false
  if (!isRunning(pid)) return true
  const now = await processIdentity(pid)
  return now !== null && identity !== null && now !== identity
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The start of the machine that an identity is of, where it tells. */
function bootOf(identity: string | null): string | null {
  return /^([\da-f-]{36}) \d+$/.exec(identity ?? '')?.[1] ?? null
}

/** Whether it is the same machine, outside containers, started again since. */
function hasStartedAnew(before: Place, here: Place): boolean {
  const isMachine = ({ namespace }: Place) => namespace === outsideContainers
  return before.machine !== null && before.machine === here.machine && isMachine(before) && isMachine(here)
}

/** A text that two processes of the same number do not share; null where the system does not say. */
export async function processIdentity(pid: number): Promise<string | null> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // After the name, which may hold anything, in parentheses: state, 18 numbers, and when it began
    // (proc(5)).
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
