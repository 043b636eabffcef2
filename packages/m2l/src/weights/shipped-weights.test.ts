import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { loadEngine } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  FewShotClassifier,
  initialWeights,
  parseRecipe,
  shippedWeights,
  showWeights,
  weightsFile,
} from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

describe('shippedWeights', () => {
  it.each(shippedWeights())('$name is small, as its card says, and makes a classifier', async (card) => {
    const bytes = readFileSync(weightsFile(card.name))
    expect(bytes.length).toBe(card.bytes)
    expect(bytes.length).toBeLessThan(1_000_000)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.sha256)
    expect((await showWeights(card.name)).values).toBe(card.parameters)
    for (const { accuracy, interval95 } of card.accuracy) {
      expect(Object.keys(accuracy)).toEqual(['fused', 'part', 'pixel', 'global'])
      expect(Object.keys(interval95)).toEqual(Object.keys(accuracy))
    }
    const classifier = await FewShotClassifier.load(card.name)
    classifier.dispose()
  })
})

describe('weightsFile', () => {
  const recipe = (weights: string) =>
    parseRecipe('run: { folder: runs/emoji/m2l }', 'r.yaml', [`model.weights=${weights}`])

  it('finds shipped weights by name, and leaves paths alone', () => {
    expect(weightsFile('emoji-conv64f')).toMatch(/weights\/emoji-conv64f\.safetensors$/)
    expect(weightsFile('./emoji-conv64f')).toBe('./emoji-conv64f')
    expect(weightsFile('best.pth')).toBe('best.pth')
    expect(initialWeights(recipe('emoji-conv64f'))).toBe(weightsFile('emoji-conv64f'))
    expect(initialWeights(recipe('pre/best.safetensors'))).toMatch(/runs\/emoji\/pre\/best\.safetensors$/)
  })

  it('answers a wrong name with the nearest', () => {
    expect(() => initialWeights(recipe('emojy-conv64f'))).toThrow(
      /r\.yaml: model\.weights: emojy-conv64f: no weights of this name are shipped or can be fetched; did you mean emoji-conv64f\?; expected /,
    )
    expect(() => weightsFile('zzz')).toThrow(
      /^zzz: no weights of this name are shipped or can be fetched; expected /,
    )
  })
})
