import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { contentsOf, m2l, m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

const weights = ['--weights', 'emoji-conv64f']
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'hen'].entries()) {
    await write(`first/${name}`, kind, [0, 1, 2])
    await write(`query/${name}`, kind, [5, 6])
  }
  await write('query/owl', 2, [5, 6])
  await write('second/owl', 2, [0, 1])
  await here(
    'classify',
    '--support',
    'first',
    '--query',
    'query/fox',
    ...weights,
    '--save',
    'first.safetensors',
  )
  await write('second/hen', 1, [4])
})

async function write(place: string, kind: number, numbers: readonly number[]) {
  await mkdir(join(folder, place), { recursive: true })
  for (const number of numbers) {
    await writeFile(join(folder, place, `${number}.png`), await pattern(kind, number))
  }
}

const here = (...words: string[]) => m2lHere(folder, ...words)

interface Classes {
  readonly classes: readonly {
    readonly label: string
    readonly images: number
    readonly examples: string[]
  }[]
  readonly [key: string]: unknown
}

const json = async (...words: string[]) => {
  const { exitCode, stdout, stderr } = await here(...words, '--json')
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout) as Classes
}
const numbers = ({ classes }: Classes) => classes.map(({ label, images }) => [label, images])
/** A copy of the first file of classes, to change. */
async function changeable(name: string) {
  await copyFile(join(folder, 'first.safetensors'), join(folder, name))
  return name
}

describe('m2l classify', () => {
  test('saves classes and loads them again, alone and beside further examples', async () => {
    const words = ['--query', 'query']
    const report = async (...others: string[]) => {
      const { stdout, stderr, exitCode } = await m2l(folder, 'classify', ...words, ...others, '--json')
      expect(exitCode, stderr).toBe(0)
      return JSON.parse(stdout) as { predictions: unknown[]; [key: string]: unknown }
    }
    const direct = await report('--support', 'first', ...weights)
    const loaded = await report('--load', 'first.safetensors')
    expect({ ...loaded, seconds: 0 }).toEqual({ ...direct, seconds: 0 })
    const both = await report(
      '--load',
      'first.safetensors',
      '--support',
      'second',
      '--save',
      'both.safetensors',
    )
    expect(both).toMatchObject({ weights: 'emoji-conv64f', classes: { fox: 3, hen: 4, owl: 2 }, accuracy: 1 })
    expect(numbers(await json('classes', 'show', 'both.safetensors'))).toEqual([
      ['fox', 3],
      ['hen', 4],
      ['owl', 2],
    ])
  })

  test('knows loaded examples by their pictures, and names those that the others mistake', async () => {
    await copyFile(join(folder, 'first/hen/1.png'), join(folder, 'query/fox/a copy.png'))
    const page = ['--report', 'page.html']
    const { stdout } = await here(
      'classify',
      '--load',
      'first.safetensors',
      '--query',
      'query/fox',
      ...page,
      '--json',
    )
    await rename(join(folder, 'query/fox/a copy.png'), join(folder, 'a copy.png'))
    const { predictions, leaveOneOut } = JSON.parse(stdout) as {
      predictions: { file: string; isExample?: true }[]
      leaveOneOut: { images: number }
    }
    expect(predictions.filter(({ isExample }) => isExample).map(({ file }) => file)).toEqual([
      'query/fox/a copy.png',
    ])
    expect(leaveOneOut).toMatchObject({ images: 6 })
    expect(await readFile(join(folder, 'page.html'), 'utf8')).toContain('a copy.png')
  })

  test('replaces no file but the one that was loaded, without --force', async () => {
    const file = await changeable('kept.safetensors')
    const saving = ['--query', 'query/fox', '--save', file, '--quiet']
    const refused = await here('classify', '--support', 'first', ...weights, ...saving)
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toBe(
      'm2l: kept.safetensors: is there already; name another with --save, or replace it with --force\n',
    )
    expect((await here('classify', '--load', file, '--support', 'second', ...saving)).exitCode).toBe(0)
    expect(numbers(await json('classes', 'show', file))).toHaveLength(3)
    expect((await here('classify', '--support', 'first', ...weights, ...saving, '--force')).exitCode).toBe(0)
    expect(numbers(await json('classes', 'show', file))).toHaveLength(2)
  })

  test.each([
    [
      ['--query', 'query'],
      /expected examples: option '--support <path>' or '--load <file>' is not specified/,
    ],
    [['--query', 'query', '--load', 'none.safetensors'], /none\.safetensors: cannot be read/],
    [['--query', 'query', '--load', 'query/fox/5.png'], /5\.png: not a valid safetensors file/],
    [
      ['--query', 'query', '--load', 'first.safetensors', '--weights', 'cifar-fs-conv64f'],
      /first\.safetensors: holds classes as other weights see them/,
    ],
    [
      ['--query', 'query', '--support', 'first', '--save', 'no/a.safetensors'],
      /no\/a\.safetensors: expected a file to write the classes to, but its folder does not exist/,
    ],
  ])('%j is refused in one line', async (words, message) => {
    const { exitCode, stdout, stderr } = await here('classify', ...words, '--quiet')
    expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    })
    expect(stderr).toMatch(message)
  })
})

describe('m2l classes', () => {
  test('show tells labels, numbers, files and weights', async () => {
    const { classes, ...others } = await json('classes', 'show', 'first.safetensors')
    expect(others).toEqual({
      file: 'first.safetensors',
      weights: 'emoji-conv64f',
      model: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(classes[1]).toEqual({
      label: 'hen',
      images: 3,
      examples: ['first/hen/0.png', 'first/hen/1.png', 'first/hen/2.png'],
    })
    expect((await here('classes', 'show', 'first.safetensors')).stdout).toMatch(
      /class .*examples .*files.*fox .*3 .*first\/fox\/0\.png.*\n2 classes, 6 examples, of the weights emoji-conv64f\n$/s,
    )
  })

  test('add reads examples with the weights of the file, each picture once', async () => {
    const file = await changeable('added.safetensors')
    const { exitCode, stdout, stderr } = await m2l(folder, 'classes', 'add', file, 'second', '--json')
    expect(exitCode).toBe(0)
    expect(stderr).toBe('')
    expect(numbers(JSON.parse(stdout) as Classes)).toEqual([
      ['fox', 3],
      ['hen', 4],
      ['owl', 2],
    ])
    const before = await contentsOf(folder)
    const again = await here('classes', 'add', file, 'second')
    expect(again.stderr).toBe(
      'hen: 1 example is there already and was left out\nowl: 2 examples are there already and were left out\n',
    )
    expect(await contentsOf(folder)).toEqual(before)
  })

  test('add leaves out what cannot be read, and nothing where a class has no other', async () => {
    const file = await changeable('partly.safetensors')
    await write('partly/owl', 2, [0])
    await writeFile(join(folder, 'partly/owl/1.png'), 'no picture')
    const added = await here('classes', 'add', file, 'partly', '--json')
    expect(added.exitCode).toBe(2)
    expect(added.stderr).toMatch(/^m2l: 1 example could not be read and was left out: partly\/owl\/1\.png: /)
    expect(numbers(JSON.parse(added.stdout) as Classes)).toContainEqual(['owl', 1])
    await writeFile(join(folder, 'partly/owl/0.png'), 'no picture')
    const before = await contentsOf(folder)
    const refused = await here('classes', 'add', file, 'partly')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(/class owl: none of its 2 examples can be read/)
    expect(await contentsOf(folder)).toEqual(before)
  })

  test('remove takes labels, and leaves at least one class', async () => {
    const file = await changeable('removed.safetensors')
    const near = await here('classes', 'remove', file, 'fix')
    expect(near).toMatchObject({ exitCode: 2, stdout: '' })
    expect(near.stderr).toBe('m2l: removed.safetensors: there is no class fix; did you mean fox?\n')
    const all = await here('classes', 'remove', file, 'fox', 'hen')
    expect(all.stderr).toMatch(/no class would be left/)
    expect(numbers(await json('classes', 'remove', file, 'fox'))).toEqual([['hen', 3]])
    expect(numbers(await json('classes', 'show', file))).toEqual([['hen', 3]])
  })

  test('merge puts classes of the same weights together, each picture once', async () => {
    await here(
      'classify',
      '--support',
      'query',
      '--query',
      'query',
      ...weights,
      '--save',
      'other.safetensors',
    )
    await mkdir(join(folder, 'torn/owl'), { recursive: true })
    await copyFile(join(folder, 'first/fox/0.png'), join(folder, 'torn/owl/fox.png'))
    await write('torn/hen', 1, [0, 7])
    await here('classify', '--support', 'torn', '--query', 'query', ...weights, '--save', 'torn.safetensors')
    const file = await changeable('merged.safetensors')
    expect(numbers(await json('classes', 'merge', file, 'other.safetensors'))).toEqual([
      ['fox', 5],
      ['hen', 5],
      ['owl', 2],
    ])
    const torn = await here('classes', 'merge', file, 'torn.safetensors', '--json')
    expect(torn.stderr).toBe(
      'hen: 1 example is there already and was left out\nfirst/fox/0.png and torn/owl/fox.png are the same picture, as examples of fox and of owl\n',
    )
    expect(numbers(JSON.parse(torn.stdout) as Classes)).toEqual([
      ['fox', 5],
      ['hen', 6],
      ['owl', 3],
    ])
    const foreign = ['--weights', 'omniglot-conv64f', '--save', 'foreign.safetensors']
    await here('classify', '--support', 'first', '--query', 'query', ...foreign)
    const before = await contentsOf(folder)
    const refused = await here('classes', 'merge', file, 'foreign.safetensors')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toBe(
      'm2l: foreign.safetensors: its classes belong to other weights (omniglot-conv64f) than those that they are added to (emoji-conv64f); save them with the same\n',
    )
    expect(await contentsOf(folder)).toEqual(before)
  })
})
