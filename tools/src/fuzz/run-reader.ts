import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workspaceRoot } from '../workspace.js'
import type { Fault, Finding, Message, Work } from './work.js'

/** What is asked of a reader. */
export interface Order {
  /** The compiled module whose `readers` has the reader; all that are ours where absent. */
  readonly module?: string
  readonly reader: string
  readonly runs: number
  readonly seed: number
  /** Where inputs go that were found. */
  readonly found: string
  /** A file to read in place of made inputs. */
  readonly replay?: string
  /** How long a worker may be on the same input before it is ended, in milliseconds; 20 s unless told. */
  readonly patience?: number
}

/** How a reader did. */
export interface ReaderReport {
  readonly runs: number
  /** Inputs that were valid in spite of all. */
  readonly accepted: number
  /** Inputs that ended with an error that the reader documents. */
  readonly refused: number
  readonly crashes: number
  readonly hangs: number
  readonly overMemory: number
  readonly seconds: number
  readonly findings: readonly Finding[]
}

/** The compiled worker: a process of its own runs it, whether this runs compiled or not. */
const worker = join(workspaceRoot, 'tools/dist/fuzz/worker.js')

/** How long a worker may take to start, in milliseconds. */
const patienceAtStart = 120_000

/** Files that live for a millisecond need no disk. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A reader that fails on more inputs is not asked further. */
const mostFindings = 50

/** Has a reader read inputs in processes that may die or hang, and counts how it goes. */
export async function runReader(order: Order): Promise<ReaderReport> {
  const { reader, runs, seed, found, replay, module, patience = 20_000 } = order
  const started = performance.now()
  const findings: Finding[] = []
  let [next, accepted, refused] = [0, 0, 0]
  while (next < runs && findings.length < mostFindings) {
    const work = {
      reader,
      seed,
      first: next,
      end: runs,
      found,
      ...(replay !== undefined && { replay }),
      ...(module !== undefined && { module }),
    }
    const end = await runWorker(work, patience)
    findings.push(...end.findings)
    accepted += end.accepted
    refused += end.refused
    next = end.next
    if (!end.fault) continue
    findings.push({ reader, index: next, ...end.fault })
    if (replay === undefined)
      await runWorker({ ...work, first: next, end: next + 1, keepsAll: true }, patience)
    next++
  }
  const count = (fault: Fault) => findings.filter((one) => one.fault === fault).length
  return {
    runs: next,
    accepted,
    refused,
    crashes: count('crash'),
    hangs: count('hang'),
    overMemory: count('overMemory'),
    seconds: (performance.now() - started) / 1000,
    findings,
  }
}

interface WorkerEnd {
  /** The input that comes next, or the one that ended the process. */
  readonly next: number
  readonly accepted: number
  readonly refused: number
  readonly findings: readonly Finding[]
  readonly fault?: { readonly fault: Fault; readonly what: string }
}

async function runWorker(work: Omit<Work, 'progress' | 'folder'>, patience: number): Promise<WorkerEnd> {
  const scratch = await mkdtemp(join(inMemory, 'm2l-fuzz-'))
  const progress = join(scratch, '.progress')
  const findings: Finding[] = []
  const child = fork(worker, [JSON.stringify({ ...work, progress, folder: scratch } satisfies Work)], {
    execArgv: ['--max-old-space-size=640'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  })
  let [isReady, isWhole, isStuck] = [false, false, false]
  let complaint = ''
  child
    .stderr!.setEncoding('utf8')
    .on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  child.on('message', (message: Message) => {
    if (message.type === 'finding') {
      findings.push(message)
      if (findings.length >= mostFindings) child.kill('SIGKILL')
    } else if (message.type === 'ready') isReady = true
    else isWhole = true
  })
  const ended = new Promise<string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)),
  )
  let [last, since] = [-1, performance.now()]
  const watch = setInterval(() => {
    void readProgress(progress).then(([index]) => {
      if (index !== last) [last, since] = [index, performance.now()]
      else if (performance.now() - since > (isReady ? patience : patienceAtStart)) {
        isStuck = true
        child.kill('SIGKILL')
      }
    })
  }, 500)
  const how = await ended
  clearInterval(watch)
  const [index, accepted, refused] = await readProgress(progress)
  await rm(scratch, { recursive: true, force: true })
  if (!isReady) throw new Error(`the worker of ${work.reader} did not start (${how}): ${complaint}`)
  const end = { next: index, accepted, refused, findings }
  if (isWhole || findings.length >= mostFindings) return end
  const what = isStuck ? `more than ${patience / 1000} s` : `${how}: ${complaint}`
  return { ...end, fault: { fault: isStuck ? 'hang' : 'crash', what } }
}

async function readProgress(file: string): Promise<[index: number, accepted: number, refused: number]> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0))
  if (bytes.length < 12) return [0, 0, 0]
  return [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8)]
}
