import { loadEngine } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectPublished, publishedCases, publishedKinds } from './published.test.helper.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

describe('what the published programs give', () => {
  it('has cases of every kind', () => {
    expect(new Set(publishedCases.map(([, { kind }]) => kind))).toEqual(new Set(publishedKinds))
  })

  it.each(publishedCases)('%s', async (_name, given) => expectPublished(given))
})
