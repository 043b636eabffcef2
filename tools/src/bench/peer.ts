import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import spawn, { SubprocessError } from 'nano-spawn'
import { z } from 'zod'
import { workspaceRoot } from '../workspace.js'
import { works, type Job, type Measurement, type PeerWay, type Precision, type WorkName } from './work.js'

/** The other side: a Python program that prints one JSON line a measurement. */
export interface Peer {
  readonly python: string
  readonly script: string
}

/** What the peer is to measure: a work in all of its precisions. */
export type PeerJob = Pick<Job, 'work' | 'repeats' | 'threads' | 'data'> & {
  readonly way: PeerWay
}

/** The option by which a way is asked for. */
const optionOf: Readonly<Record<PeerWay, readonly string[]>> = {
  eager: [],
  compiled: ['--compile'],
  onnxruntime: ['--onnxruntime'],
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
 * Makes sure that the peer of some works starts, with all that its programs import.
 *
 * @throws {InputError} when it does not
 */
export async function assertPeerRuns(peer: Peer, measured: readonly WorkName[]): Promise<void> {
  const scripts = new Set(measured.map((work) => peerFor(work, peer).script))
  for (const script of scripts) await run({ ...peer, script }, ['--help'])
}

/** The program of this repository, which measures the works that other programs may not know. */
const ownScript = join(workspaceRoot, 'tools/bench/peer_lite.py')

/**
 * The peer that measures a work: this repository's for works of its own, unless the program given names the
 * work.
 */
export function peerFor(work: WorkName, peer: Peer): Peer {
  if (!work.startsWith('lite0')) return peer
  const names = existsSync(peer.script) && readFileSync(peer.script, 'utf8').includes(work)
  return names ? peer : { ...peer, script: ownScript }
}

/**
 * Measures the peer's side in a new process.
 *
 * @throws {InputError} when the peer fails or prints something else than its measurements
 */
export async function measurePeer(
  peer: Peer,
  { work, repeats, threads, data, way }: PeerJob,
): Promise<ReadonlyMap<Precision, Measurement>> {
  const output = await run(peer, [
    '--work',
    work,
    '--repeats',
    String(repeats),
    '--threads',
    String(threads),
    ...(data === undefined ? [] : ['--data', data]),
    ...optionOf[way],
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
  const { imagesEach } = works[work]
  const each = imagesEach === undefined ? all : all.map((seconds) => imagesEach / seconds)
  return [precision as Precision, { values: rate === undefined ? each : [rate], peakMib }]
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
