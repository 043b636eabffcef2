import { describe, expect, test } from 'vitest'
import { readSplitFile, shippedSplits } from '../index.js'
import { messageOf, temporaryFile } from '../make-files.test.helper.js'

test.each([
  ['cifar-fs', 64, 16, 20],
  ['cub-closerlook', 100, 50, 50],
  ['cub-frn', 100, 50, 50],
  ['fc100', 60, 20, 20],
  ['flowers89', 60, 14, 15],
  ['mini-imagenet', 64, 16, 20],
  ['omniglot-vinyals', 1028, 172, 423],
  ['tiered-imagenet', 351, 97, 160],
])('%s is shipped with %i/%i/%i classes', async (name, ...counts) => {
  expect(shippedSplits()).toContain(name)
  const { source, classes } = await readSplitFile(name)
  expect(source).toBe(name)
  expect([classes.train?.length, classes.val?.length, classes.test?.length]).toEqual(counts)
})

test('every shipped split is read', async () => {
  expect(shippedSplits().length).toBe(8)
  for (const name of shippedSplits()) await readSplitFile(name)
})

test('a file may hold some splits only', async () => {
  const path = await temporaryFile('mine.yml', 'test: [b, a]\ntest_superclasses: [letters]\n')
  expect(await readSplitFile(path)).toEqual({ source: path, classes: { test: ['b', 'a'] } })
})

describe('refused in one line', () => {
  test.each([
    ['trian: [a]', 'trian is not a split; did you mean "train"?'],
    ['train: [a]\nnovel: [b]', 'novel is not a split; use train, val and test'],
    ['train: a', 'train must be a list of class names'],
    ['train: [a, 001]', 'train[1] is 1, not a class name; write names in quotes'],
    ['train: [a, {b: c}]', 'train[1] is {"b":"c"}, not a class name'],
    ['train: []', 'train must name at least one class'],
    ['train: [a, b, a]', 'train names class "a" twice; remove one'],
    ['train: [a]\ntest: [b, a]', 'class "a" is in train and in test; splits must share no class'],
    ['train_superclasses: [a]', 'names no classes; list them under train, val and test'],
    ['[a, b]', 'must be lists of class names under train, val, test'],
    ['', 'is not YAML (expected a document'],
    ['train: [a\nval: b', 'is not YAML ('],
  ])('%j', async (text, reason) => {
    const path = await temporaryFile('mine.yaml', text)
    const message = await messageOf(readSplitFile(path))
    expect(message).toContain(`${path}: ${reason}`)
    expect(message).not.toContain('\n')
  })

  test('a split that does not exist', async () => {
    expect(await messageOf(readSplitFile('cifarfs'))).toContain(
      'split "cifarfs" does not exist; did you mean "cifar-fs"?',
    )
    expect(await messageOf(readSplitFile('nothing-of-the-kind'))).toContain(
      'name a YAML file or one of cifar-fs, cub-',
    )
    expect(await messageOf(readSplitFile('./absent.yaml'))).toContain('./absent.yaml: does not exist')
  })
})
