import { fileURLToPath } from 'node:url'
import { loadEngine, tf } from '@m2l/engine'
import { describe, expect, it } from 'vitest'
import { readCases } from './read-cases.js'
import { runCase } from './run-case.js'

await loadEngine()
const folder = fileURLToPath(new URL('../../parity/public', import.meta.url))
const { salt, cases } = await readCases(folder)

describe('the public parity cases', () => {
  it.each(cases)('$name', async (parityCase) => {
    const before = tf.memory().numTensors
    const { pass, ...outcome } = await runCase(salt, parityCase)
    expect(pass, JSON.stringify(outcome)).toBe(true)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('are of every kind', () => {
    const kinds = ['encoder', 'levels', 'optimiser', 'interval', 'grid', 'run', 'checkpoint', 'transforms']
    expect(new Set(cases.map(({ name }) => name.split('_')[0]))).toEqual(new Set(kinds))
  })

  it("equal Pillow's pictures to the bit, though their tolerance is wider", async () => {
    const transforms = cases.find(({ name }) => name === 'transforms')!
    expect((await runCase(salt, transforms)).maxAbs).toBe(0)
  })
})
