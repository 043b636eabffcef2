import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import fastGlob from 'fast-glob'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { workspaceRoot } from './workspace.js'

interface Recipe {
  readonly n_way?: number
  readonly k_shot?: number
  readonly semi?: { readonly with_distractors?: number }
  readonly model: {
    readonly encoder: string
    readonly weights?: string
    readonly query?: string
    readonly parts?: string
  }
}

const folder = join(workspaceRoot, 'configs')
const paths = fastGlob.sync('*/*.yaml', { cwd: folder }).toSorted()
const read = (path: string): Recipe => load(readFileSync(join(folder, path), 'utf8')) as Recipe

/** The encoders of pretraining and of episodes, by the name of the backbone in a recipe's file name. */
const encoders: Readonly<Record<string, readonly [pretraining: string, episodes: string]>> = {
  R12: ['R12-pre', 'R12'],
  Conv64F: ['FourLayer_64F', 'FourLayer_64F'],
  'Conv64F-4x': ['FourLayer_64F_4x', 'FourLayer_64F_4x'],
}

test('the table in configs/README.md links every recipe and nothing else', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const links = Array.from(readme.matchAll(/\]\((?<path>[^)]*\.yaml)\)/g), (match) => match.groups?.['path'])
  expect(links.toSorted()).toEqual(paths)
})

/** How a recipe's name says that it is semi-supervised. */
const semiSuffix = ({ semi }: Recipe): string => {
  if (!semi) return ''
  return semi.with_distractors ? '-semi-distractors' : '-semi'
}

const isPretraining = (path: string): boolean => /^pretrain[-_]/.test(basename(path))

describe.each(paths.filter(isPretraining))('%s', (path) => {
  test('trains the backbone that its name says', () => {
    const [stage, backbone] = basename(path, '.yaml').split('_')
    const recipe = read(path)
    expect(recipe.model.encoder).toBe(encoders[backbone ?? '']?.[0])
    expect(`pretrain${semiSuffix(recipe)}`).toBe(stage)
  })
})

describe.each(paths.filter((path) => !isPretraining(path)))('%s', (path) => {
  const [method, episode, backbone] = basename(path, '.yaml').split('_')
  const recipe = read(path)

  test('is what its name says', () => {
    const parts = recipe.model.parts === 'map' ? '-map' : ''
    expect(`${recipe.model.query}${parts}${semiSuffix(recipe)}`).toBe(method)
    expect(`N${recipe.n_way ?? 5}K${recipe.k_shot}`).toBe(episode)
    expect(recipe.model.encoder).toBe(encoders[backbone ?? '']?.[1])
  })

  test('starts from the weights of a pretraining recipe of the same backbone and data set', () => {
    const pretraining = dirname(recipe.model.weights ?? '')
    expect(pretraining).toBe(`pretrain${recipe.semi ? '-semi' : ''}_${backbone}`)
    expect(existsSync(join(folder, dirname(path), `${pretraining}.yaml`))).toBe(true)
  })
})
