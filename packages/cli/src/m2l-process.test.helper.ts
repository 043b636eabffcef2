import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import sharp from 'sharp'
import { afterAll, vi } from 'vitest'
import { run } from './index.js'

const program = resolve(import.meta.dirname, '../bin/m2l.js')

// as npx starts it, so that messages do not depend on what shells find
process.env.npm_command = 'exec'

/** What a process of the command left. */
export interface Finished {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process of the command under way. */
export interface Running {
  readonly pid: number
  readonly finished: Promise<Finished>
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void
  /** Waits until standard error holds a text, or the process has ended. */
  saying(text: string): Promise<void>
  /** Waits until standard output holds what is looked for, or the process has ended. */
  printing(holds: (stdout: string) => boolean): Promise<void>
  /** Does something as soon as standard error holds a text. */
  onError(text: string, act: () => void): void
}

/**
 * Starts `m2l` with some words, in a folder.
 *
 * @param within a command that runs the command that follows it
 */
export function start(folder: string, words: readonly string[], within: readonly string[] = []): Running {
  const [command, ...others] = [...within, process.execPath, program, ...words] as [string, ...string[]]
  const child = spawn(command, others, { cwd: folder })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
  }
  const finished = new Promise<Finished>((done, fail) => {
    child.on('error', fail).on('close', (exitCode) => done({ exitCode, ...text }))
  })
  return {
    pid: child.pid!,
    finished,
    kill: (signal) => child.kill(signal),
    async saying(awaited) {
      const said = new Promise<void>((done) => this.onError(awaited, done))
      await Promise.race([said, finished])
    },
    async printing(holds) {
      const printed = new Promise<void>((done) => {
        const look = () => {
          if (!holds(text.stdout)) return
          child.stdout.off('data', look)
          done()
        }
        child.stdout.on('data', look)
        look()
      })
      await Promise.race([printed, finished])
    },
    onError(awaited, act) {
      const look = () => {
        if (!text.stderr.includes(awaited)) return
        child.stderr.off('data', look)
        act()
      }
      child.stderr.on('data', look)
      look()
    },
  }
}

/** Runs `m2l` to its end. */
export function m2l(folder: string, ...words: string[]): Promise<Finished> {
  return start(folder, words).finished
}

/**
 * Runs the command to its end within this process, where the engine is loaded but once; only one at a time.
 */
export async function m2lHere(folder: string, ...words: string[]): Promise<Finished> {
  const text = { stdout: '', stderr: '' }
  const collect = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((part) => {
      text[stream] += String(part)
      return true
    })
  const spies = [collect('stdout'), collect('stderr')]
  const before = process.cwd()
  process.chdir(folder)
  process.exitCode = undefined // what a command before it left
  try {
    return { exitCode: await run(words), ...text }
  } finally {
    process.exitCode = undefined
    process.chdir(before)
    for (const spy of spies) spy.mockRestore()
  }
}

/** A new empty folder, removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-cli-'))
  made.push(folder)
  return folder
}

const made: string[] = []
afterAll(() => Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true }))))

/** The files of a folder and of those in it, and a hash of what each holds. */
export async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const hashes = files.map(async ({ parentPath, name }) => {
    const file = relative(folder, join(parentPath, name))
    const content = await readFile(join(folder, file))
    return [file, createHash('sha256').update(content).digest('hex')]
  })
  return Object.fromEntries(await Promise.all(hashes)) as Record<string, string>
}

/**
 * Pictures to learn from: 8 classes a split, 12 images of 32x32 a class, as `<split>/<class>/<image>.png`.
 */
export async function writePatterns(folder: string, splits: readonly string[] = ['train', 'val', 'test']) {
  for (const [number, split] of splits.entries()) {
    for (let index = 0; index < 8; index++) {
      const ofClass = join(folder, split, className(split, index))
      await mkdir(ofClass, { recursive: true })
      for (let image = 0; image < 12; image++) {
        await writeFile(join(ofClass, `${image}.png`), await pattern(8 * number + index, image))
      }
    }
  }
}

export function className(split: string, index: number): string {
  return `${split}-${index}`
}

/** A disc on a ground, their colours and its size by the class, its place by the image. */
export function pattern(kind: number, image: number): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">
    <rect width="32" height="32" fill="hsl(${(kind * 137) % 360}, 70%, ${35 + (kind % 3) * 15}%)"/>
    <circle cx="${8 + (image % 4) * 5}" cy="${8 + Math.floor(image / 4) * 6}" r="${3 + (kind % 5)}"
      fill="hsl(${(kind * 77) % 360}, 80%, 70%)"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** A recipe that is learned in seconds; all three levels with few parts. */
export const smallRecipe = `
n_way: 3
model: { encoder: FourLayer_64F_4x, forward_encoding: Grid-2 }
data: { dataset: patterns, image_dir: patterns, image_size: 16 }
train: { query_per_class_per_episode: 1, batch_size: 1, episode_per_epoch: 6, epochs: 2 }
val: { episode: 5 }
test: { query_per_class_per_episode: 2, episode: 10 }
pre: { epochs: 2, batch_size: 32, snapshot_epoch: 1, snapshot_interval: 1, val_episode: 5 }
`

/** A new folder with pictures to learn from, `patterns`, and a recipe that learns from them, `m2l.yaml`. */
export async function learnableFolder(recipe = smallRecipe): Promise<string> {
  const folder = await temporaryFolder()
  await writePatterns(join(folder, 'patterns'))
  await writeFile(join(folder, 'm2l.yaml'), recipe)
  return folder
}

/** One level on whole images: the quickest that can be trained. */
export const globalLevelOnly = ['model.levels={global: {}}', 'model.forward_encoding=FCN']
