import { loadEngine } from '@m2l/engine'
import { shippedNames } from '@m2l/weights'
import { beforeAll, describe, expect, it } from 'vitest'
import { FewShotClassifier, initialWeights, parseRecipe, weightsFile } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

it.each(shippedNames)('%s makes a classifier', async (name) => {
  const classifier = await FewShotClassifier.load(name)
  expect(classifier.classes).toEqual([])
  classifier.dispose()
})

describe('weightsFile', () => {
  const recipe = (weights: string) =>
    parseRecipe('run: { folder: runs/emoji/m2l }', 'r.yaml', [`model.weights=${weights}`])

  it('finds shipped weights by name, and leaves paths alone', () => {
    expect(weightsFile('emoji-conv64f')).toMatch(/weights\/assets\/emoji-conv64f\.safetensors$/)
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
