import { describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { runCrashTestCommand } from './command.js'

const crashTest = (...words: string[]) => capturedOutput(() => runCrashTestCommand(words))

describe('the crash test', () => {
  it('kills a training, which ends as one left in peace, and prints one line of JSON and nothing else', async () => {
    const { exitCode, stdout, stderr } = await crashTest('--kills', '3', '--seed', '2', '--json')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ kills: 3, identical: true, differences: [] })
    expect([stdout.match(/\n/g)?.length, exitCode]).toEqual([1, 0])
  })

  it('says what it does', async () => {
    const { exitCode, stdout, stderr } = await crashTest('--help')
    expect(stdout).toMatch(/^usage: npm run crash-test .*\n[^]*Exit codes: 0 [^\n]+\n$/)
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  it.each([
    [/--kills is 0; expected a whole number from 1/, ['--kills', '0']],
    [/--seed is x; expected a whole number/, ['--seed', 'x']],
    [/Unknown option '--kill'.*usage/, ['--kill', '3']],
    [/usage: npm run crash-test/, ['3']],
  ])('refuses what it does not know: %s', async (message, words) => {
    const { exitCode, stdout, stderr } = await crashTest(...words)
    expect(stderr).toMatch(/^crash-test: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  })
})
