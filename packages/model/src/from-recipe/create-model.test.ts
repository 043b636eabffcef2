import { loadEngine } from '@m2l/engine'
import { beforeAll, expect, test } from 'vitest'
import {
  checkedRecipe,
  createModel,
  methods,
  ownParts,
  readStoredRecipe,
  recipeOfWeights,
  storedRecipe,
  writtenRecipe,
} from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

const recipeOf = (model: object) => checkedRecipe(writtenRecipe({ model }, 'recipe'), ownParts())

test.each(Object.keys(methods))(
  '%s makes a model of its levels, and is told by weights as it is',
  (query) => {
    const recipe = recipeOf({ query })
    const stored = readStoredRecipe('weights', storedRecipe(recipe))
    const again = recipeOfWeights('weights', stored)
    expect(storedRecipe(again)).toBe(storedRecipe(recipe))
    const model = createModel(again)
    try {
      const named = Object.keys(methods[query as keyof typeof methods](recipe))
      expect(model.metric.levels.map(({ level }) => level.name)).toEqual(named)
    } finally {
      model.dispose()
    }
  },
)

test('the recipe of weights compares by what is asked for instead', () => {
  const stored = readStoredRecipe('weights', storedRecipe(recipeOf({ query: 'ProtoNet' })))
  const { resolved, model } = recipeOfWeights('weights', stored, { head: 'logistic' })
  expect(resolved.levels.map(({ definition }) => definition.name)).toEqual(['logistic'])
  expect(resolved.encoding).toEqual({ kind: 'pooled', window: 'mean', stages: [] })
  expect(model.fusion).toBe('consistent')
})

test.each([
  ['FCN', { kind: 'positions' }],
  ['PyramidFCN-5,2,1', { kind: 'pyramid', sizes: [5, 2, 1] }],
  ['Grid-3,2', { kind: 'parts', grids: [3, 2] }],
  ['Centre-stage7,head', { kind: 'pooled', window: 'centre', stages: ['stage7', 'head'] }],
  ['Mean', { kind: 'pooled', window: 'mean', stages: [] }],
])('the encoding %s is plain data once it is checked', (forward_encoding, encoding) => {
  expect(recipeOf({ forward_encoding, levels: { global: {} } }).resolved.encoding).toEqual(encoding)
})

test.each([
  [{ encoder: 'R13' }, 'recipe: model.encoder is "R13", expected '],
  [{ levels: { pixl: {} } }, 'recipe: model.levels.pixl: there is no level pixl; '],
  [{ levels: { pixel: { neighbour: 1 } } }, 'did you mean model.levels.pixel.neighbours?'],
])('what cannot be is told with its key: %j', (model, message) => {
  expect(() => recipeOf(model)).toThrow(message)
})

test.each([
  [undefined, 'weights: does not say how its model is made'],
  ['3', 'weights: expected keys and values'],
  ['{', 'weights: the recipe in it cannot be read'],
  ['{"model":{"imports":["./level.js"]}}', 'weights: its recipe imports ./level.js, which weights may not'],
  ['{"model":{"encoder":"Other"}}', 'weights: its model is made with Other, whose code weights do not hold'],
])('weights that say %s of their model make none', (text, message) => {
  expect(() => recipeOfWeights('weights', readStoredRecipe('weights', text))).toThrow(message)
})
