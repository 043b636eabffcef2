import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectPublished, publishedCases, publishedKinds } from './published.test.helper.js'

beforeAll(async () => {
  process.env.M2L_ENGINE = 'wasm'
  await loadEngine()
})

describe('what the published programs give, without the native engine', () => {
  it('has cases of every kind', () => {
    expect(new Set(publishedCases.map(([, { kind }]) => kind))).toEqual(new Set(publishedKinds))
    expect(tf.getBackend()).toBe('wasm')
  })

  it.each(publishedCases)('%s', async (_name, given) => expectPublished(given))
})
