import { InputError } from '@m2l/engine'
import spawn, { SubprocessError } from 'nano-spawn'
import { z } from 'zod'
import type { Job, Measurement, Precision, WorkName } from './work.js'

/** The other side: a Python program that prints one JSON line a measurement. */
export interface Peer {
  readonly python: string
  readonly script: string
}

/** What the peer is to measure: a work in all of its precisions. */
export type PeerJob = Pick<Job, 'work' | 'repeats' | 'threads' | 'data'> & {
  /** Whether the encoder runs through `torch.compile`. */
  readonly compiled: boolean
}

const lineSchema = z.object({
  work: z.string(),
  precision: z.string(),
  all: z.array(z.number().positive()).min(1),
  peak_mib: z.number().positive(),
  images_per_second: z.number().positive().optional(),
  episodes_per_second: z.number().positive().optional(),
})

/**
 * Makes sure that the peer starts, with all that its program imports.
 *
 * @throws {InputError} when it does not
 */
export async function assertPeerRuns(peer: Peer): Promise<void> {
  await run(peer, ['--help'])
}

/**
 * Measures the peer's side in a new process.
 *
 * @throws {InputError} when the peer fails or prints something else than its measurements
 */
export async function measurePeer(
  peer: Peer,
  { work, repeats, threads, data, compiled }: PeerJob,
): Promise<ReadonlyMap<Precision, Measurement>> {
  const output = await run(peer, [
    '--work',
    work,
    '--repeats',
    String(repeats),
    '--threads',
    String(threads),
    ...(data === undefined ? [] : ['--data', data]),
    ...(compiled ? ['--compile'] : []),
  ])
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return new Map(lines.map((line) => measurement(peer, work, line)))
}

function measurement(peer: Peer, work: WorkName, line: string): [Precision, Measurement] {
  const parsed = lineSchema.safeParse(json(line))
  if (!parsed.success || parsed.data.work !== work)
    throw new InputError(`the peer ${peer.script} printed ${line}; expected a measurement of ${work}`)
  const { precision, all, peak_mib: peakMib, images_per_second, episodes_per_second } = parsed.data
  const rate = images_per_second ?? episodes_per_second
  return [precision as Precision, { values: rate === undefined ? all : [rate], peakMib }]
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function run({ python, script }: Peer, args: readonly string[]): Promise<string> {
  try {
    return (await spawn(python, [script, ...args])).stdout
  } catch (error) {
    if (!(error instanceof SubprocessError)) throw error
    const said =
      error.stderr.trim().split('\n').at(-1) || ((error.cause as Error | undefined)?.message ?? error.message)
    throw new InputError(`the peer cannot run (${python} ${script} ${args.join(' ')}): ${said}`, {
      cause: error,
    })
  }
}
