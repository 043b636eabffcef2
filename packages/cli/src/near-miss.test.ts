import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import {
  globalLevelOnly,
  m2lHere,
  smallRecipe,
  temporaryFolder,
  writePatterns,
} from './m2l-process.test.helper.js'

/** Pictures of 24 classes in train, val and test; and the same flat, with tables. */
let folder: string
const tables: Record<string, [picture: string, label: string][]> = {}
beforeAll(async () => {
  folder = await temporaryFolder()
  await writePatterns(join(folder, 'patterns'))
  await mkdir(join(folder, 'flat/images'), { recursive: true })
  for (const split of ['train', 'val', 'test']) {
    tables[split] = []
    for (const label of await readdir(join(folder, 'patterns', split))) {
      for (const file of await readdir(join(folder, 'patterns', split, label))) {
        const picture = `${label} ${file}`
        await cp(join(folder, 'patterns', split, label, file), join(folder, 'flat/images', picture))
        tables[split].push([picture, label])
      }
    }
  }
  await writeFile(join(folder, 'm2l.yaml'), smallRecipe)
})

interface Shown {
  readonly splits: readonly { readonly split: string; readonly classes: number; readonly images: number }[]
  readonly notes: readonly string[]
}

const show = async (...words: string[]) => {
  const { stdout, stderr, exitCode } = await m2lHere(folder, 'data', 'show', ...words, '--json')
  expect({ exitCode }, stderr).toEqual({ exitCode: 0 })
  const { splits, notes } = JSON.parse(stdout) as Shown
  expect(stderr).toBe(notes.map((note) => `${note}\n`).join(''))
  return { splits: splits.map(({ split, classes, images }) => [split, classes, images]), notes }
}

const counts = () =>
  Object.entries(tables).map(([split, rows]) => [
    split,
    new Set(rows.map(([, label]) => label)).size,
    rows.length,
  ])

const writeTables = async (write: (rows: readonly [string, string][]) => string) => {
  for (const [split, rows] of Object.entries(tables))
    await writeFile(join(folder, 'flat', `${split}.csv`), write(rows))
}

test('m2l data show reads tables that are nearly as documented, by themselves and for a recipe', async () => {
  for (const write of [
    (rows: readonly [string, string][]) => ['filename,label', ...rows.map((row) => row.join(','))].join('\n'),
    (rows: readonly [string, string][]) =>
      [',LABEL,FILENAME', ...rows.map(([file, label], index) => [index, label, file].join(','))].join('\r\n'),
    (rows: readonly [string, string][]) =>
      rows.map(([file, label]) => `images\\${file};${label};`).join('\n'),
  ]) {
    await writeTables(write)
    expect(await show('flat')).toEqual({ splits: counts(), notes: [] })
  }
  const { exitCode, stderr } = await m2lHere(
    folder,
    'train',
    '--cfg',
    'm2l.yaml',
    'data.image_dir=flat',
    'train.epochs=1',
    'train.episode_per_epoch=1',
    ...globalLevelOnly,
  )
  expect({ exitCode }, stderr).toEqual({ exitCode: 0 })
})

test('a table that cannot be read is refused with its line, not passed over', async () => {
  await writeTables((rows) => rows.map(([file]) => `${file}`).join('\n'))
  const { exitCode, stdout, stderr } = await m2lHere(folder, 'data', 'show', 'flat')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(
    /^m2l: flat\/(train|val|test)\.csv line 1: .*expected a header "filename,label" and lines such as "images\/1\.jpg,cat"\n$/,
  )
})

test('split folders by other names are splits, for a recipe and as examples', async () => {
  const at = (path: string) => join(folder, 'other', path)
  await cp(join(folder, 'patterns'), at('mydata'), { recursive: true })
  await rename(at('mydata/train'), at('mydata/Training'))
  await rename(at('mydata/val'), at('mydata/valid'))
  expect(await show('other')).toEqual({ splits: counts(), notes: [] })
  await cp(at('mydata/valid'), at('mydata/val'), { recursive: true })
  expect((await m2lHere(folder, 'data', 'show', 'other')).stderr).toBe(
    'm2l: other: folders "val" and "valid" both mean the split val; put them together, or rename one\n',
  )
  await rm(at('mydata/val'), { recursive: true })
  await rm(at('mydata/Training'), { recursive: true })
  for (const file of await readdir(at('mydata'), { recursive: true }))
    if (/[1-9]\.png$/.test(file)) await rm(at(`mydata/${file}`))
  const classified = await m2lHere(
    folder,
    'classify',
    '--support',
    'other',
    '--query',
    'other/mydata/test',
    '--json',
  )
  expect({ exitCode: classified.exitCode }, classified.stderr).toEqual({ exitCode: 0 })
  const classes = Object.keys((JSON.parse(classified.stdout) as { classes: object }).classes)
  expect(classes.toSorted()).toEqual(
    [...new Set([...tables.val!, ...tables.test!].map(([, label]) => label))].toSorted(),
  )
  expect(classified.stderr).toContain('other: the classes of its folders test, valid are put together')
})
