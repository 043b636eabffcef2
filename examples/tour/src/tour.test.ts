import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('../dist/tour.js', import.meta.url))

it('tells what it measures, step by step', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  expect(stdout.match(/^\d\. .+$/gm)).toHaveLength(9)
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)
  const accuracyOf = (before: string) => {
    const found = new RegExp(`${before}\\s+(\\d+\\.\\d) ± \\d+\\.\\d %`).exec(stdout)
    return Number(found?.[1])
  }
  const fused = accuracyOf('fused')
  expect(accuracyOf('Pixels:')).toBeGreaterThan(30)
  expect(fused).toBeGreaterThan(accuracyOf('Pixels:') + 10)
  expect(accuracyOf('becomes\\s+easier:')).toBeGreaterThan(fused)
  for (const level of ['pixel', 'part', 'global']) expect(accuracyOf(level)).toBeGreaterThan(50)
  const [, known, unknown] = /(\d+\.\d) %\s+are\s+familiar.*?(\d+\.\d)\s+%/s.exec(stdout) ?? []
  expect(Number(known)).toBeGreaterThan(Number(unknown) + 20)
})
