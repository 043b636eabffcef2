import { createInterface } from 'node:readline'
import { InputError } from '@m2l/engine'
import spawn, { SubprocessError } from 'nano-spawn'
import { z } from 'zod'
import { shots, type Draw, type Shots } from './draws.js'
import type { Outcome, Outcomes } from './outcome.js'

/** The other side: a Python program that reads a request and prints one JSON line a measurement. */
export interface Peer {
  readonly python: string
  readonly script: string
  readonly threads: number
}

/** How long the peer takes to make features, in pictures a second; null where it cannot. */
export interface PeerSpeed {
  /** Reading and resizing by Pillow, and PyTorch. */
  readonly withReading: number
  readonly eager: number
  readonly compiled: number | null
  /** ONNX Runtime with the same network. */
  readonly onnxRuntime: number | null
}

/** What the peer measured. */
export interface PeerResult {
  readonly sides: Readonly<Record<string, Outcomes>>
  readonly speed: PeerSpeed
  readonly versions: Readonly<Record<string, string>>
}

const share = z.number().min(0).max(1)
const rate = z.number().positive()

const outcomeSchema = z.strictObject({
  side: z.string().min(1),
  shots: z.literal([...shots]),
  draw: z.int().nonnegative(),
  accuracy: share,
  probability: share.nullable(),
  score: share.nullable(),
})

const speedSchema = z.strictObject({
  speed: z.strictObject({
    withReading: rate,
    eager: rate,
    compiled: rate.nullable(),
    onnxRuntime: rate.nullable(),
  }),
  versions: z.record(z.string(), z.string()),
})

/**
 * Makes sure that the peer starts, with all that its program imports.
 *
 * @throws {InputError} when it does not
 */
export async function assertPeerRuns(peer: Peer): Promise<void> {
  await run(peer, ['--check'], '', () => {})
}

/**
 * Has the peer measure draws.
 *
 * @param files of the pictures, in the order in which draws number them
 * @param onProgress told what the peer says of it, a line each
 * @throws {InputError} when the peer fails or prints something else than its measurements
 */
export async function measurePeer(
  peer: Peer,
  files: readonly string[],
  draws: readonly Draw[],
  onProgress: (line: string) => void,
): Promise<PeerResult> {
  const request = JSON.stringify({ threads: peer.threads, shots, pictures: files, draws })
  const output = await run(peer, [], request, onProgress)
  const sides = new Map<string, Record<Shots, Outcome[]>>()
  let found: z.infer<typeof speedSchema> | undefined
  for (const line of output.split('\n').filter((text) => text.startsWith('{'))) {
    const value = json(line)
    const speed = speedSchema.safeParse(value)
    const outcome = outcomeSchema.safeParse(value)
    if (speed.success) found = speed.data
    else if (outcome.success) {
      const { side, shots: shot, draw, accuracy, probability, score } = outcome.data
      const ofSide = sides.get(side) ?? { 1: [], 5: [] }
      ofSide[shot][draw] = { accuracy, auroc: { familiarity: null, probability, score } }
      sides.set(side, ofSide)
    } else throw new InputError(`the peer ${peer.script} printed ${line}; expected a measurement`)
  }
  for (const [side, ofSide] of sides) {
    for (const shot of shots) {
      if (Array.from({ length: draws.length }).every((_, draw) => ofSide[shot][draw])) continue
      throw new InputError(`the peer ${peer.script} left out draws of ${side}; expected all ${draws.length}`)
    }
  }
  if (!found || sides.size === 0)
    throw new InputError(`the peer ${peer.script} printed no measurements; expected its speed and draws`)
  return { sides: Object.fromEntries(sides), ...found }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function run(
  { python, script }: Peer,
  args: readonly string[],
  stdin: string,
  onProgress: (line: string) => void,
): Promise<string> {
  try {
    const running = spawn(python, [script, ...args], { stdin: { string: stdin } })
    running.nodeChildProcess.then(
      ({ stderr }) =>
        createInterface(stderr!).on('line', (line) => {
          if (line.startsWith('peer: ')) onProgress(line)
        }),
      () => {}, // why it does not start is said below
    )
    return (await running).stdout
  } catch (error) {
    if (!(error instanceof SubprocessError)) throw error
    const said =
      error.stderr.trim().split('\n').at(-1) || ((error.cause as Error | undefined)?.message ?? error.message)
    throw new InputError(
      `the peer cannot run (${[python, script, ...args].join(' ')}): ${said}; it needs what tools/own-pictures/requirements.txt names`,
      { cause: error },
    )
  }
}
