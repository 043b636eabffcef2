import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { InputError } from '@m2l/engine'
import type { NetworkSource } from './network-session.js'

/** What a process is told that tries a network; the network's bytes follow. */
export interface ProbeOrder {
  readonly source: Omit<NetworkSource, 'bytes'>
  /** The process ends where it takes more memory. */
  readonly mostBytes: number
}

/** What came of trying a network. */
export interface NetworkTrial {
  /** The height, width and channels of a picture's features. */
  readonly shape: readonly [height: number, width: number, channels: number]
  /** What a person should know, as words that follow the network's name. */
  readonly notes: readonly string[]
}

/** What it answers, or why there is nothing. */
export type ProbeResult = (NetworkTrial & { readonly refusal?: never }) | { readonly refusal: string }

/**
 * What a network may take beside its weights, which ONNX Runtime holds up to so many times while it loads
 * them.
 */
const [bytesBeside, timesWeights] = [2 * 2 ** 30, 5]

/**
 * A network that says nothing about a batch of pictures after so many milliseconds, and so many for each MiB,
 * does not end.
 */
const [longestTrial, longestOfMebibyte] = [30_000, 125]

/** The compiled file, also where this one runs from source. */
const probeFile = fileURLToPath(new URL('../dist/probe.js', import.meta.url))

/**
 * Tries a network on one picture, and on the same in a batch as large as it is run on later, in a process of
 * its own: a network may crash the runtime, take all memory or never end. The process ends with this one.
 *
 * @param weightBytes the size of its files
 * @param longest how many milliseconds it may take
 * @throws {InputError} when it is refused, answers a picture otherwise beside others, crashes, does not end
 *   or takes too much memory
 */
export async function tryNetwork(
  { bytes, ...source }: NetworkSource,
  weightBytes: number,
  longest = longestTrial + (longestOfMebibyte * weightBytes) / 2 ** 20,
): Promise<NetworkTrial> {
  const limit = Math.round(longest)
  const { name, card } = source
  const { size } = card.picture
  const mostBytes = bytesBeside + timesWeights * weightBytes
  const order: ProbeOrder = { source, mostBytes }
  const child = spawn(process.execPath, [probeFile, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: limit,
    killSignal: 'SIGKILL',
    windowsHide: true,
  })
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  child.stdin.on('error', () => {}) // a process that ended early reads no more, which its exit code tells
  child.stdin.end(bytes)
  const [{ code, signal }, answer] = await Promise.all([ended, text(child.stdout)])
  if (code === 0) {
    const result = JSON.parse(answer) as ProbeResult
    if (result.refusal === undefined) return result
    throw new InputError(result.refusal)
  }
  if (signal === 'SIGKILL' && !child.killed) {
    throw new InputError(
      `${name}: takes more than ${Math.round(mostBytes / 2 ** 20)} MiB for a batch of pictures; expected a network of features, so check where it is from`,
    )
  }
  throw new InputError(
    child.killed
      ? `${name}: has not answered for a batch of pictures of ${size} x ${size} pixels within ${Math.round(limit / 1000)} seconds, as where it loops; check where it is from, or export it again without loops`
      : `${name}: ends ONNX Runtime (${signal ?? `exit code ${code}`}); check where it is from, or export it again`,
  )
}
