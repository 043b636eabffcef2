import { expect, test } from 'vitest'
import { openDataset, readSplitFile } from '../index.js'
import { folderOf, messageOf, picture, temporaryFile } from '../make-files.test.helper.js'

/** A folder of pictures and a table with these labels of them. */
async function labelled(...labels: readonly string[]): Promise<string> {
  const files = await Promise.all(
    labels.map(async (_, index) => [`images/${index}.png`, await picture(index)]),
  )
  const lines = labels.map((label, index) => `${index}.png,"${label}"`)
  return folderOf({ ...Object.fromEntries(files), 'labels.csv': ['filename,label', ...lines, ''].join('\n') })
}

/** Numbers of pictures by class, in the classes' order; and the notes without the source's path. */
async function found(root: string) {
  const dataset = await openDataset({ root })
  await dataset.close()
  const classes = dataset.splits.all!.classes.map(({ name, images }) => [name, images.length])
  return { classes, notes: dataset.notes.map((note) => note.replaceAll(root, 'ROOT')) }
}

test('a class may have any name', async () => {
  const labels = ['__proto__', 'constructor', 'toString', '10', '9', 'A/B', 'x'.repeat(5000)]
  expect(await found(await labelled(...labels))).toEqual({
    classes: labels.toSorted().map((name) => [name, 1]),
    notes: [],
  })
})

test('a name is the same in each Unicode form, and with blanks around it', async () => {
  const root = await labelled('caf\u00e9', 'cafe\u0301', ' caf\u00e9 ', 'tea')
  expect((await found(root)).classes).toEqual([
    ['caf\u00e9', 3],
    ['tea', 1],
  ])
})

test('names that differ in what cannot be seen are refused', async () => {
  for (const other of ['li\u200bly', 'lily\u2060', '\u202alily', 'li\u00adly'])
    expect(await messageOf(openDataset({ root: await labelled('lily', other) }))).toContain(
      'differ only in what cannot be seen',
    )
  expect(await messageOf(openDataset({ root: await labelled('big\u00a0cat', 'big cat') }))).toContain(
    '"big cat" and "big\\u{a0}cat" differ only',
  )
  const root = await folderOf({ 'cat/1.png': await picture(1), 'cat /2.png': await picture(2) })
  expect(await messageOf(openDataset({ root }))).toContain('classes "cat" and "cat " differ only')
})

test('names that differ in capitals or in how a number is written are told', async () => {
  expect(await found(await labelled('Lily', 'lily', 'rose'))).toEqual({
    classes: [
      ['Lily', 1],
      ['lily', 1],
      ['rose', 1],
    ],
    notes: [
      'ROOT: classes "Lily" and "lily" differ only in capital letters, in letters that look alike or in how a number is written; they are taken for different classes',
    ],
  })
  expect((await found(await labelled('1', '01', '1.0', '2'))).notes[0]).toContain(
    '"01" and "1" differ only in capital letters, in letters that look alike or in how a number is written, and so do 1 more pairs',
  )
})

test('names of letters that look alike are told', async () => {
  for (const [one, other] of [
    ['\u0410\u0412', 'AB'],
    ['r\u043ese', 'rose'],
    ['\uff11', '1'],
  ])
    expect((await found(await labelled(one!, other!))).notes.join()).toContain('in letters that look alike')
})

test('names that programs write for a missing value are told, in tables and folders', async () => {
  for (const label of ['nan', 'NaN', 'N/A', 'NA', '<NA>', '#N/A', 'None', 'null', '?', '-'])
    expect((await found(await labelled(label, 'lily'))).notes).toEqual([
      `ROOT: label "${label}" is what programs write for a missing value; leave its pictures out unless it is their class`,
    ])
  const root = await folderOf({ 'nan/1.png': await picture(1), 'nana/2.png': await picture(2) })
  expect((await found(root)).notes.join()).toContain('label "nan" is what')
  expect((await found(await labelled('nana', 'Nantes', 'none of these'))).notes).toEqual([])
})

test('class folders in class folders, and groups of the same classes, are told', async () => {
  const files = async (...paths: string[]) =>
    folderOf(
      Object.fromEntries(await Promise.all(paths.map(async (path, index) => [path, await picture(index)]))),
    )
  expect(await found(await files('dog/1.png', 'dog/more/2.png', 'cat/3.png'))).toEqual({
    classes: [
      ['cat', 1],
      ['dog', 1],
      ['dog/more', 1],
    ],
    notes: [
      'ROOT: folder "dog/more" lies in that of class "dog", and is taken for a class of its own; move its pictures up if they are of the same class',
    ],
  })
  const parts = await files('support/cat/1.png', 'support/dog/2.png', 'query/cat/3.png', 'query/dog/4.png')
  expect((await found(parts)).notes).toEqual([
    'ROOT: "query", "support" hold folders of the same names, which are taken for different classes ("query/cat", "support/cat"); name one of them if they are parts of a data set',
  ])
  expect((await found(await files('birds/owl/1.png', 'birds/tit/2.png', 'cats/lion/3.png'))).notes).toEqual(
    [],
  )
})

test('names in folders, archives and split files are the same names', async () => {
  const root = await folderOf({ 'cafe\u0301/1.png': await picture(1), '__proto__/1.png': await picture(2) })
  const split = await temporaryFile(
    's.yaml',
    Buffer.from('\ufefftrain: ["caf\u00e9"]\ntest: [__proto__]\n', 'utf16le'),
  )
  const { splits } = await openDataset({ root, split })
  expect(splits.train!.classes[0]!.images.length).toBe(1)
  expect(splits.test!.classes[0]!.name).toBe('__proto__')
})

test('split files and lists of pictures are read strictly', async () => {
  const bytes = Buffer.from('train:\n  - \xf0\xee\xe7\xe0\n', 'latin1')
  const split = await temporaryFile('s.yaml', bytes)
  expect(await messageOf(readSplitFile(split))).toBe(
    `${split}: line 2 is not UTF-8 text; save the file as UTF-8`,
  )
  const exclude = await temporaryFile('x.yaml', Buffer.from('exclude:\n  - a\n  - \xf0\n', 'latin1'))
  expect(await messageOf(openDataset({ root: await labelled('a', 'b'), exclude }))).toBe(
    `${exclude}: line 3 is not UTF-8 text; save the file as UTF-8`,
  )
})

test('splits of a program are held to the rules of split files', async () => {
  const root = await labelled('a', 'b', 'caf\u00e9')
  const opened = (classes: object) => openDataset({ root, split: { source: 'mine', classes } })
  expect(await messageOf(opened({ train: ['a'], test: ['a'] }))).toBe(
    'mine: class "a" is in train and in test; splits must share no class',
  )
  expect(await messageOf(opened({ train: ['a', 'a'] }))).toContain('train names class "a" twice')
  expect(await messageOf(opened({ Train: ['a'] }))).toContain('did you mean "train"?')
  expect((await opened({ train: ['cafe\u0301'] })).splits.train!.classes[0]!.name).toBe('caf\u00e9')
})

test('listed pictures that are not there are told', async () => {
  const root = await labelled('a', 'b')
  const { notes, splits } = await openDataset({ root, exclude: ['images/0.png', 'images/9.png'] })
  expect(splits.all!.classes.map(({ name }) => name)).toEqual(['b'])
  expect(notes).toEqual([`exclude: names 1 picture that is not in ${root}, such as "images/9.png"`])
})
