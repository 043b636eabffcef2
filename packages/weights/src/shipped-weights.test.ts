import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeSafetensors } from '@m2l/nn'
import { describe, expect, test } from 'vitest'
import { assetAddress, cardOf, fetchableNames, loadWeights, shippedNames, shippedWeights } from './index.js'
import { readAsset } from './read-asset.js'

describe('shipped weights', () => {
  test.each(shippedWeights)('$name are small and as their card says', async (card) => {
    const bytes = await loadWeights(card.name)
    expect(bytes.length).toBe(card.bytes)
    expect(bytes.length).toBeLessThan(1_000_000)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.sha256)
    const { tensors, metadata } = decodeSafetensors(bytes, card.name)
    expect(Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0)).toBe(card.parameters)
    expect(JSON.parse(metadata.recipe!)).toMatchObject({ model: { encoder: 'FourLayer_64F_4x' } })
    expect(card.accuracy.length).toBeGreaterThan(0)
    for (const { accuracy, interval95 } of card.accuracy) {
      expect(Object.keys(accuracy)).toEqual(['fused', 'part', 'pixel', 'global'])
      expect(Object.keys(interval95)).toEqual(Object.keys(accuracy))
      for (const share of [...Object.values(accuracy), ...Object.values(interval95)]) {
        expect(share).toBeGreaterThan(0)
        expect(share).toBeLessThan(1)
      }
    }
  })

  test('are all that lies in assets, under names that are not those of weights to fetch', async () => {
    const files = await readdir(new URL('../assets/', import.meta.url))
    expect(files.toSorted()).toEqual(shippedNames.map((name) => `${name}.safetensors`))
    for (const name of shippedNames) expect(assetAddress(name)!.pathname).toMatch(`/${name}.safetensors`)
    expect(new Set([...shippedNames, ...fetchableNames]).size).toBe(
      shippedNames.length + fetchableNames.length,
    )
  })

  test('are found by their exact names alone', async () => {
    expect(cardOf('emoji-conv64f')!.name).toBe('emoji-conv64f')
    for (const name of ['emoji', 'toString', '']) {
      expect(cardOf(name)).toBeUndefined()
      expect(assetAddress(name)).toBeUndefined()
      await expect(loadWeights(name)).rejects.toThrow(
        `${name}: no weights of this name are shipped; expected cifar-fs-conv64f, emoji-conv64f, `,
      )
    }
  })
})

test('bytes are fetched where there are no files, and what answers with an error is no asset', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/there' ? 200 : 404
    response.end(Uint8Array.of(1, 2, 3))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    expect(await readAsset(new URL(`http://127.0.0.1:${port}/there`))).toEqual(Uint8Array.of(1, 2, 3))
    await expect(readAsset(new URL(`http://127.0.0.1:${port}/gone`))).rejects.toThrow('status 404')
  } finally {
    server.close()
  }
})
