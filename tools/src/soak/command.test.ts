import { describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { runSoakCommand } from './command.js'
import { quartersOf, type Sample } from './samples.js'

const soak = (...words: string[]) => capturedOutput(() => runSoakCommand(words))

describe('the soak', () => {
  it('trains and evaluates, and finds that nothing grows', async () => {
    const { exitCode, stdout, stderr } = await soak('--steps', '200', '--episodes', '80', '--json')
    expect(stderr).toBe('')
    const { works } = JSON.parse(stdout) as { works: { second: Sample; last: Sample; samples: Sample[] }[] }
    expect(works).toMatchObject([
      { work: 'training', done: 200, unit: 'steps', flat: true },
      { work: 'evaluation', done: 80, unit: 'episodes', flat: true },
    ])
    for (const { second, last, samples } of works) {
      expect(samples.length).toBeGreaterThanOrEqual(8)
      expect(last.tensors).toBe(second.tensors)
    }
    expect([stdout.match(/\n/g)?.length, exitCode]).toEqual([1, 0])
  })

  it.each([
    [/--steps is 199; expected at least 200/, ['--steps', '199']],
    [/--episodes is 1; expected at least 40/, ['--episodes', '1']],
    [/--steps is many; expected a whole number/, ['--steps', 'many']],
    [/Unknown option '--step'.*usage/, ['--step', '3']],
  ])('refuses what it cannot do: %s', async (message, words) => {
    const { exitCode, stdout, stderr } = await soak(...words)
    expect(stderr).toMatch(/^soak: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  })

  it('says what it does', async () => {
    const { exitCode, stdout } = await soak('--help')
    expect(stdout).toMatch(/^usage: npm run soak /)
    expect(exitCode).toBe(0)
  })
})

describe('what a process holds', () => {
  const samples = (of: (index: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 40 }, (_, index) => ({
      done: index,
      residentMib: 400,
      tensors: 30,
      handles: 20,
      ...of(index),
    }))

  it.each<[string, boolean, (index: number) => Partial<Sample>]>([
    ['nothing', true, () => ({})],
    ['memory while it warms up', true, (index) => ({ residentMib: 400 + 10 * Math.min(index, 9) })],
    ['memory by little', true, (index) => ({ residentMib: 400 + index / 2 })],
    ['memory', false, (index) => ({ residentMib: 400 + 3 * index })],
    ['tensors', false, (index) => ({ tensors: 30 + Math.floor(index / 10) })],
    ['open files', false, (index) => ({ handles: 20 + Math.floor(index / 15) })],
  ])('is told to grow or not: %s', (_, flat, of) => {
    expect(quartersOf(samples(of)).flat).toBe(flat)
  })
})
