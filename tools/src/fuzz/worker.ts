import { mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { InputError } from '@m2l/engine'
import { inputAt } from './input.js'
import { longestMessage, longestRead, mostMemory } from './limits.js'
import type { OpenReader, Reader } from './reader.js'
import { fileOf, type Fault, type Message, type Work } from './work.js'

// Reads inputs one after the other. A process of its own runs this, since a reader may end it or never come
// back.
const work = JSON.parse(process.argv[2]!) as Work
const name = work.reader
const { readers } = (await import(work.module ?? './readers.js')) as { readers: readonly Reader[] }
const reader: OpenReader = await readers.find((one) => one.name === name)!.open(work.folder)
const isRefusal = reader.isRefusal ?? ((error: unknown) => error instanceof InputError)

const progressFile = openSync(work.progress, 'w')
const progress = new Int32Array(3)
const say = (message: Message): Promise<void> =>
  new Promise((resolve) => process.send!(message, () => resolve()))

await say({ type: 'ready' })
let next = work.first
for (; next < work.end; next++) {
  progress[0] = next
  writeSync(progressFile, progress, 0, undefined, 0)
  const input = work.replay === undefined ? inputAt(name, reader, work.seed, next) : readFileSync(work.replay)
  if (work.keepsAll) keep(next, input)
  const fault = await tryRead(input, next > work.first)
  if (fault === 'unsure') break // another process goes on
  if (fault) {
    keep(next, input)
    await say({ type: 'finding', reader: name, index: next, ...fault })
  }
}
progress[0] = next
writeSync(progressFile, progress, 0, undefined, 0)
await say({ type: 'done' })
process.exit()

interface Faulty {
  readonly fault: Fault
  readonly what: string
}

/**
 * Reads an input, once more where it took long: what is compiled or loaded with it is there the second time.
 *
 * @param isLater whether inputs before it may have left work behind, or freed memory and with it raised the
 *   peak from which it is charged; where it then seems to take too much, it is `unsure` until a process reads
 *   it first of all.
 */
async function tryRead(input: Buffer, isLater: boolean): Promise<Faulty | 'unsure' | undefined> {
  const before = process.memoryUsage.rss()
  const started = process.cpuUsage()
  const outcome = await read(input)
  const milliseconds = since(started)
  const allocated = process.resourceUsage().maxRSS * 1024 - before - input.length
  if (outcome.fault) return { fault: 'crash', what: outcome.fault }
  if (allocated > mostMemory && isLater) return 'unsure'
  progress[outcome.isAccepted ? 1 : 2]!++
  if (allocated > mostMemory) return { fault: 'overMemory', what: `${Math.round(allocated / 2 ** 20)} MiB` }
  if (milliseconds <= longestRead) return undefined
  const again = process.cpuUsage()
  await read(input)
  const seconds = since(again) / 1000
  return seconds * 1000 > longestRead ? { fault: 'hang', what: `${seconds.toFixed(1)} s` } : undefined
}

/** Milliseconds that this process has computed since. */
function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function read(input: Buffer): Promise<{ isAccepted: boolean; fault?: string }> {
  try {
    await reader.read(Buffer.from(input))
    await setImmediate() // what it left undone fails now, and not with the next input
    return { isAccepted: true }
  } catch (error) {
    if (isRefusal(error)) return { isAccepted: false, ...faultOfMessage((error as Error).message) }
    return {
      isAccepted: false,
      fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

/** What a person reads must be one line that does nothing to a terminal, and no flood. */
function faultOfMessage(message: string): { fault?: string } {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(message)) return { fault: `message with control characters: ${JSON.stringify(message).slice(0, 500)}` }
  if (message.length > longestMessage) return { fault: `message of ${message.length} characters: ${message.slice(0, 300)}` }
  return {}
} // prettier-ignore

function keep(index: number, input: Buffer): void {
  if (work.replay !== undefined) return
  mkdirSync(work.found, { recursive: true })
  writeFileSync(join(work.found, fileOf({ ...work, index })), input)
}
