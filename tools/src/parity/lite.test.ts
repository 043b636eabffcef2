import { fileURLToPath } from 'node:url'
import { loadEngine, tf } from '@m2l/engine'
import { expect, it } from 'vitest'
import { readCases } from './read-cases.js'
import { runCase } from './run-case.js'

await loadEngine()
const { salt, cases } = await readCases(fileURLToPath(new URL('../../parity/lite', import.meta.url)))

it.each(cases)('$name equals the program that belongs to the published weights', async (parityCase) => {
  const before = tf.memory().numTensors
  const { pass, ...outcome } = await runCase(salt, parityCase)
  expect(pass, JSON.stringify(outcome)).toBe(true)
  expect(tf.memory().numTensors).toBe(before)
})
