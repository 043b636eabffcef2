import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseRecipe, readRecipeText, type Recipe } from '../index.js'
import { createModel, episodeTransforms } from '@m2l/model'

beforeAll(async () => {
  await loadEngine()
})

const small = 'model: { encoder: FourLayer_64F_4x }'

async function levelsOf(recipe: Recipe) {
  const model = createModel(recipe)
  const levels = model.metric.levels.map(({ level, weight, temperature }) => [
    level.name,
    weight,
    temperature,
  ])
  model.dispose()
  return levels
}

describe('createModel', () => {
  it('composes the levels that the query stands for', async () => {
    const query = (name: string) => levelsOf(parseRecipe(small, 'r.yaml', [`model.query=${name}`]))
    expect(await query('M2L')).toEqual([
      ['part', 1, 1],
      ['pixel', 0.5, 1],
      ['global', 0.5, 64],
    ])
    expect(await query('MML')).toEqual(await query('M2L'))
    expect(await query('ProtoNet')).toEqual([['global', 1, 64]])
    expect(await query('MatchingNet')).toEqual([['global', 1, 1 / 32]])
    expect(await query('RelationNet')).toEqual([['relation', 1, 1]])
    expect(await query('DN4')).toEqual([['pixel', 1, 1]])
    expect(await query('ST')).toEqual([['alignment', 1, 1]])
    expect(await query('SimpleShot')).toEqual([['nearest-mean', 1, 1]])
    expect(await query('RFS')).toEqual([['logistic', 1, 1]])
    expect(await query('R2D2')).toEqual([['ridge', 1, 1]])
    expect(await query('MetaOptNet-RR')).toEqual([['ridge', 1, 1]])
    expect(await query('GDA')).toEqual([['gda', 1, 1]])
    expect(await query('Tip-Adapter')).toEqual([['cache', 1, 1]])
    expect(await query('LP++')).toEqual([['probe', 1, 1]])
    expect(await query('MatchingVote')).toEqual([['matching', 1, 1]])
  })

  it('freezes the stages of its encoder that the recipe says', () => {
    const frozen = (recipe: Recipe) => {
      const model = createModel(recipe)
      const names = Object.entries(model.state).flatMap(([name, { trainable }]) => (trainable ? [name] : []))
      model.dispose()
      return [...new Set(names.map((name) => name.split('.').slice(0, 2).join('.')))]
    }
    const text = 'model: { encoder: EfficientNet-Lite0, query: ProtoNet }\ntrain: { frozen_stages: stage5 }'
    expect(frozen(parseRecipe(text, 'r.yaml'))).toEqual(['encoder.stage6', 'encoder.stage7', 'encoder.head'])
    const before = tf.memory().numTensors
    expect(() => createModel(parseRecipe(text, 'r.yaml', ['train.frozen_stages=layer4']))).toThrow(
      'r.yaml: train.frozen_stages is layer4, but EfficientNet-Lite0 has the stages stem, stage1,',
    )
    expect(() => createModel(parseRecipe(text, 'r.yaml', ['train.frozen_stages=9']))).toThrow(
      'r.yaml: train.frozen_stages is 9, but EfficientNet-Lite0 has the stages stem, stage1,',
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    ['DN4', 'FCN', { map: 'positions' }, ['whole']],
    ['DN4', 'PyramidFCN-5,2,1', { map: 'pyramid', sizes: [5, 2, 1] }, ['whole']],
    ['DN4', 'Grid-3,2', { map: 'parts' }, ['parts']],
    ['DN4', null, { map: 'positions' }, ['whole']],
    ['MML', 'Grid-3,2', { map: 'positions' }, ['whole', 'parts']],
    ['MML', null, { map: 'positions' }, ['whole', 'parts']],
  ])('shows the levels of %s what the forward encoding %s says', async (query, encoding, expected, views) => {
    const overrides = [`model.query=${query}`, `model.forward_encoding=${encoding}`]
    const recipe = parseRecipe(small, 'r.yaml', overrides)
    const model = createModel(recipe)
    expect(model.encoding).toEqual(expected)
    expect(model.views).toEqual(views)
    expect(recipe.resolved.grids ?? null).toEqual(
      encoding === null || encoding === 'Grid-3,2' ? [3, 2] : null,
    )
    model.dispose()
  })

  it.each([
    ['DN4', 'Grid-3,2', 'parts', 13, ['whole']],
    ['DN4', 'FCN', 'positions', undefined, ['whole']],
    ['DN4', null, 'positions', undefined, ['whole']],
    ['MML', 'Grid-4', 'positions', 16, ['whole']],
    ['MML', null, 'positions', 13, ['whole']],
  ])('makes the parts of %s on %s from the map where the recipe says so', async (...row) => {
    const [query, encoding, map, regions, views] = row
    const overrides = [`model.query=${query}`, `model.forward_encoding=${encoding}`, 'model.parts=map']
    const recipe = parseRecipe(small, 'r.yaml', overrides)
    const model = createModel(recipe)
    expect(model.encoding.map).toBe(map)
    expect(model.encoding.regions?.length).toBe(regions)
    expect(model.views).toEqual(views)
    expect(episodeTransforms(recipe).parts).toBeUndefined()
    model.dispose()
  })

  it('orders regions of the map as crops are: grids as written, cells row by row', async () => {
    const model = createModel(parseRecipe(small, 'r.yaml', ['model.parts=map']))
    const { regions } = model.encoding
    expect(regions![9]).toEqual({ top: 0, bottom: 0.75, left: 0, right: 0.75 })
    expect(regions![10]).toEqual({ top: 0, bottom: 0.75, left: 0.25, right: 1 })
    model.dispose()
  })

  it('takes levels, weights and options from the recipe instead', async () => {
    const recipe = parseRecipe(small, 'r.yaml', [
      'model.levels={part: {weight: 2, graph: class}, global: {}}',
    ])
    expect(await levelsOf(recipe)).toEqual([
      ['part', 2, 1],
      ['global', 1, 1],
    ])
  })

  it('draws its weights from the seed and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const weights = async (seed: number) => {
      const model = createModel(parseRecipe(small, 'r.yaml', [`seed=${seed}`]))
      const values = Object.values(model.state).flatMap(({ value }) =>
        Array.from(value.dataSync().slice(0, 4)),
      )
      model.dispose()
      return values
    }
    expect(await weights(1)).toEqual(await weights(1))
    expect(await weights(1)).not.toEqual(await weights(2))
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    [
      'model.levels={pixl: {}}',
      /^model\.levels=\S+ \S+: model\.levels\.pixl: there is no level pixl; there are part, .*; did you mean pixel\?$/,
    ],
    [
      'model.levels={part: {graph: star}}',
      /: model\.levels\.part\.graph is "star", expected identity, class, full or none/,
    ],
    [
      'model.forward_encoding=PyramidFCN-2',
      /r\.yaml: model\.forward_encoding is PyramidFCN-2, but level part needs the parts of images/,
    ],
    [
      'model={ parts: map, forward_encoding: FCN }',
      /r\.yaml: model\.forward_encoding is FCN, but level part needs the parts of images; expected Grid-N,N…/,
    ],
    [
      'model={ parts: map, forward_encoding: "PyramidFCN-5,2" }',
      /r\.yaml: model\.forward_encoding is PyramidFCN-5,2, but level part needs the parts of images/,
    ],
    ['model.levels={pixel: {topk: 3}}', /: model\.levels\.pixel\.topk is not an option/],
    ['model.imports=[./missing.js]', /r\.yaml: model\.imports: \.\/missing\.js cannot be imported/],
  ])('refuses %s in one line and frees what it had made', async (override, message) => {
    const before = tf.memory().numTensors
    const failure = readRecipeText(small, 'r.yaml', [override]).then(createModel)
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('finds a package that lies beside the recipe', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'm2l-level-'))
    const packageFolder = join(folder, 'node_modules', 'some-level')
    mkdirSync(packageFolder, { recursive: true })
    writeFileSync(join(packageFolder, 'package.json'), '{ "type": "module", "exports": "./level.js" }')
    writeFileSync(join(packageFolder, 'level.js'), 'export default "found, but no level"\n')
    const recipe = readRecipeText(small, join(folder, 'r.yaml'), ['model.imports=[some-level]'])
    await expect(recipe).rejects.toThrow('expected the default export of some-level to be a level')
  })

  it('refuses a module that exports no level', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'm2l-level-'))
    writeFileSync(join(folder, 'level.mjs'), 'export default 3\n')
    const recipe = readRecipeText(small, join(folder, 'r.yaml'), ['model.imports=[./level.mjs]'])
    await expect(recipe).rejects.toThrow('expected the default export of ./level.mjs to be a level')
  })
})
