import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey, type RandomGenerator } from '@m2l/engine'
import { differencesOf } from './differences.js'
import { runUntil, type KillMoment } from './killed-process.js'
import { runNames } from './training.js'

/** What came of killing a training again and again. */
export interface CrashReport {
  readonly kills: number
  /** Those of them while a checkpoint was being written. */
  readonly duringWrites: number
  /**
   * How often the training was carried out from its beginning, not counting the one that was left in peace.
   */
  readonly trainings: number
  /** Whether every one ended as the one that was left in peace. */
  readonly identical: boolean
  /** What was not as there, if anything. */
  readonly differences: readonly string[]
  readonly seconds: number
}

/**
 * Carries out a short training once, then again and again with SIGKILL at random moments, each time going on
 * from what the killed process left, and compares how it ends.
 *
 * @param kills how many processes to kill in all
 * @param seed from which the moments are drawn
 * @param say receives a line for each process
 */
export async function crashTest(
  { kills, seed }: { readonly kills: number; readonly seed: number },
  say: (line: string) => void,
): Promise<CrashReport> {
  const start = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'm2l-crash-'))
  const moments = randomKey(seed).fold('crash test').generator()
  const differences: string[] = []
  let [killed, duringWrites, trainings] = [0, 0, 0]
  try {
    const whole = await newTraining(join(folder, 'whole'))
    const { milliseconds } = await runUntil(whole)
    say(`left in peace: ${(milliseconds / 1000).toFixed(1)} s`)
    while (killed < kills) {
      trainings++
      const broken = await newTraining(join(folder, `broken-${trainings}`))
      for (let isDone = false; !isDone;) {
        const moment = killed < kills ? drawnMoment(moments, milliseconds) : undefined
        const ended = await runUntil(broken, moment)
        isDone = !ended.killed
        if (ended.killed) killed++
        if (ended.duringWrite) duringWrites++
        const when = `after ${(ended.milliseconds / 1000).toFixed(1)} s`
        say(
          isDone
            ? `training ${trainings}: done ${when}`
            : `training ${trainings}: kill ${killed} ${when}${ended.duringWrite ? ', within a write' : ''}`,
        )
      }
      for (const name of runNames) {
        const found = await differencesOf(join(whole, name), join(broken, name))
        differences.push(...found.map((what) => `training ${trainings}: ${name}: ${what}`))
      }
      await rm(broken, { recursive: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const seconds = Math.round((performance.now() - start) / 1000)
  return { kills: killed, duringWrites, trainings, identical: differences.length === 0, differences, seconds }
}

async function newTraining(folder: string): Promise<string> {
  for (const name of runNames) await mkdir(join(folder, name), { recursive: true })
  return folder
}

/** One kill in three comes within some milliseconds of the beginning of a checkpoint's file. */
function drawnMoment(moments: RandomGenerator, milliseconds: number): KillMoment {
  if (moments.integer(3) === 0) return { after: 'write', milliseconds: moments.integer(4) }
  return { after: 'start', milliseconds: moments.integer(Math.ceil(milliseconds)) }
}
