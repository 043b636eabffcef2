import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDataset, type OpenDatasetOptions } from '../index.js'
import { type Files, folderOf, messageOf, picture, temporaryFile, zipOf } from '../make-files.test.helper.js'

const names = ['rose1', 'rose2', 'lily1', 'lily2', 'tulip1', 'tulip2']
const labelOf = (name: string): string => name.slice(0, -1)

let flat: Files
beforeAll(async () => {
  flat = {}
  for (const [index, name] of names.entries()) flat[`images/${name}.png`] = await picture(index)
})

/** Pictures by class and split, by the names of their files; and the notes without the source's path. */
async function found(options: OpenDatasetOptions) {
  const dataset = await openDataset(options)
  await dataset.close()
  const splits = Object.fromEntries(
    Object.entries(dataset.splits).map(([split, { classes }]) => [
      split,
      Object.fromEntries(
        classes.map(({ name, images }) => [name, images.map(({ id }) => id.split('/').at(-1)!)]),
      ),
    ]),
  )
  return { splits, notes: dataset.notes.map((note) => note.replaceAll(options.root, 'ROOT')) }
}

const expected = {
  train: { lily: ['lily1.png', 'lily2.png'], rose: ['rose1.png', 'rose2.png'] },
  test: { tulip: ['tulip1.png', 'tulip2.png'] },
}

/** The flat pictures with a table for training and one for testing. */
const withTables = (
  table: (names: readonly string[]) => string | Uint8Array,
  ending = 'csv',
  files = flat,
): Files => ({
  ...files,
  [`train.${ending}`]: table(names.slice(0, 4)),
  [`test.${ending}`]: table(names.slice(4)),
})

const lines = (header: string, line: (name: string, index: number) => string, end = '\n') => {
  return (of: readonly string[]): string =>
    [...(header === '' ? [] : [header]), ...of.map(line), ''].join(end)
}

const plain = lines('filename,label', (name) => `${name}.png,${labelOf(name)}`)

describe('tables of splits are read', () => {
  test.each<[string, (names: readonly string[]) => string | Uint8Array, string?]>([
    ['as documented', plain],
    ['in upper case', lines('FILENAME,LABEL', (name) => `${name}.png,${labelOf(name)}`)],
    ['swapped', lines('label,filename', (name) => `${labelOf(name)},${name}.png`)],
    [
      'with an index column',
      lines(',filename,label', (name, index) => `${index},${name}.png,${labelOf(name)}`),
    ],
    ['with an index column, no header', lines('', (name, index) => `${index},${name}.png,${labelOf(name)}`)],
    ['with semicolons', lines('filename;label', (name) => `${name}.png;${labelOf(name)}`)],
    ['with semicolons, declared', lines('sep=;\nfilename;label', (name) => `${name}.png;${labelOf(name)}`)],
    ['with tabs', lines('filename\tlabel', (name) => `${name}.png\t${labelOf(name)}`), 'tsv'],
    ['with tabs in a .csv', lines('filename\tlabel', (name) => `${name}.png\t${labelOf(name)}`)],
    ['with bars', lines('filename|label', (name) => `${name}.png|${labelOf(name)}`)],
    ['of blanks, no header', lines('', (name) => `images/${name}.png ${labelOf(name)}`), 'txt'],
    ['without a header', lines('', (name) => `${name}.png,${labelOf(name)}`)],
    ['without a header, swapped', lines('', (name) => `${labelOf(name)},${name}.png`)],
    ['with CR LF', lines('filename,label', (name) => `${name}.png,${labelOf(name)}`, '\r\n')],
    ['with CR', lines('filename,label', (name) => `${name}.png,${labelOf(name)}`, '\r')],
    ['in quotes', lines('"filename","label"', (name) => `"${name}.png","${labelOf(name)}"`)],
    [
      'in single columns of blanks',
      lines(' filename , label ', (name) => ` ${name}.png ,  ${labelOf(name)} `),
    ],
    ['with a trailing delimiter', lines('filename,label,', (name) => `${name}.png,${labelOf(name)},`)],
    ['with a trailing delimiter in rows', lines('filename,label', (name) => `${name}.png,${labelOf(name)},`)],
    ['with empty rows', lines('filename,label\n,', (name) => `${name}.png,${labelOf(name)}\n,`)],
    ['as image,class', lines('image,class', (name) => `${name}.png,${labelOf(name)}`)],
    ['as file,category', lines('File,Category', (name) => `${name}.png,${labelOf(name)}`)],
    ['as path,species', lines('path,species', (name) => `images/${name}.png,${labelOf(name)}`)],
    ['as Image Name,Class Name', lines('Image Name,Class Name', (name) => `${name}.png,${labelOf(name)}`)],
    [
      'with extra columns',
      lines('id,width,filename,label,height', (name, i) => `${i},5,${name}.png,${labelOf(name)},4`),
    ],
    [
      'with numbers beside names',
      lines(
        'filename,class_id,class_name',
        (name) => `${name}.png,${labelOf(name).charCodeAt(0)},${labelOf(name)}`,
      ),
    ],
    [
      'with comments',
      lines('# flowers\nfilename,label', (name) => `${name}.png,${labelOf(name)}\n#${name}.png,weed`),
    ],
    ['with backslashes', lines('filename,label', (name) => `images\\${name}.png,${labelOf(name)}`)],
    ['with ./', lines('filename,label', (name) => `./images/${name}.png,${labelOf(name)}`)],
    [
      'with absolute paths of elsewhere',
      lines('filename,label', (name) => `/home/x/flowers/images/${name}.png,${labelOf(name)}`),
    ],
    ['with drives', lines('filename,label', (name) => `C:\\data\\images\\${name}.png,${labelOf(name)}`)],
    ['without extension', lines('filename,label', (name) => `${name},${labelOf(name)}`)],
    ['without extension or header', lines('', (name) => `${name},${labelOf(name)}`)],
    ['in other capitals', lines('filename,label', (name) => `${name.toUpperCase()}.PNG,${labelOf(name)}`)],
    ['in UTF-8 with a mark', (of) => `\ufeff${plain(of)}`],
    ['in UTF-16', (of) => Buffer.from(`\ufeff${plain(of)}`, 'utf16le')],
    ['in UTF-16, big-endian', (of) => Buffer.from(`\ufeff${plain(of)}`, 'utf16le').swap16()],
  ])('%s', async (_, table, ending) => {
    const files = withTables(table, ending)
    for (const root of [await folderOf(files), await temporaryFile('a.zip', await zipOf(files))])
      expect(await found({ root })).toEqual({ splits: expected, notes: [] })
  })

  test.each([
    ['Train.csv', 'TEST.CSV'],
    ['training.csv', 'testing.csv'],
    ['train_labels.csv', 'test_labels.csv'],
    ['labels/train.csv', 'labels/test.csv'],
    ['mydata/train.csv', 'mydata/test.csv'],
  ])('as %s and %s', async (train, tested) => {
    const base = train.startsWith('mydata')
      ? Object.fromEntries(Object.entries(flat).map(([path, content]) => [`mydata/${path}`, content]))
      : flat
    const root = await folderOf({
      ...base,
      [train]: plain(names.slice(0, 4)),
      [tested]: plain(names.slice(4)),
    })
    expect(await found({ root, only: ['train', 'test'] })).toEqual({ splits: expected, notes: [] })
  })

  test('with pictures in folders of their splits', async () => {
    const files: Files = {}
    for (const [path, content] of Object.entries(flat))
      files[path.replace('images', path.includes('tulip') ? 'test' : 'train')] = content
    const root = await folderOf(withTables(plain, 'csv', files))
    expect(await found({ root })).toEqual({ splits: expected, notes: [] })
  })

  test('whose names begin with the folder’s own', async () => {
    const base: Files = {}
    for (const [path, content] of Object.entries(flat)) base[`flowers/${path}`] = content
    const table = lines('filename,label', (name) => `flowers/images/${name}.png,${labelOf(name)}`)
    const root = await folderOf({
      ...base,
      'flowers/train.csv': table(names.slice(0, 4)),
      'flowers/test.csv': table(names.slice(4)),
    })
    expect(await found({ root })).toEqual({ splits: expected, notes: [] })
  })
})

test('columns under each other’s header are read by what they hold, which is told', async () => {
  const table = lines('filename,label', (name) => `${labelOf(name)},${name}.png`)
  const { splits, notes } = await found({ root: await folderOf(withTables(table)) })
  expect(splits).toEqual(expected)
  expect(notes).toContain('ROOT/train.csv: its column "filename" is taken for the class')
})

describe('a single table is read', () => {
  const single = lines('filename,label', (name) => `${name}.png,${labelOf(name)}`)(names)
  const all = { all: { ...expected.train, ...expected.test } }

  test.each(['labels.csv', 'metadata.tsv', 'annotations/flowers.csv', 'labels.txt'])('%s', async (file) => {
    const root = await folderOf({
      ...flat,
      [file]: file.endsWith('tsv') ? single.replaceAll(',', '\t') : single,
    })
    expect(await found({ root })).toEqual({ splits: all, notes: [] })
  })

  test('with a column of splits', async () => {
    const table = lines(
      'path,label,split',
      (name) => `images/${name}.png,${labelOf(name)},${name.includes('tulip') ? 'Test' : 'training'}`,
    )
    const root = await folderOf({ ...flat, 'data.csv': table(names) })
    expect(await found({ root })).toEqual({ splits: expected, notes: [] })
    expect((await found({ root, only: ['test'] })).splits).toEqual({ test: expected.test })
    const bad = await folderOf({ ...flat, 'data.csv': table(names).replace('Test', 'novel') })
    expect(await messageOf(openDataset({ root: bad }))).toContain(
      'line 6: "novel" is no split; expected train, val or test',
    )
  })

  test('with a header in another language, which is told', async () => {
    const root = await folderOf({
      ...flat,
      'цветы.csv': lines('файл,вид', (name) => `${name}.png,${labelOf(name)}`)(names),
    })
    expect(await found({ root })).toEqual({
      splits: all,
      notes: ['ROOT/цветы.csv: its column "вид" is taken for the class'],
    })
  })

  test('pictures that it does not name are told', async () => {
    const root = await folderOf({
      ...flat,
      'labels.csv': lines('filename,label', (name) => `${name}.png,${labelOf(name)}`)(names.slice(0, 4)),
    })
    expect(await found({ root })).toEqual({
      splits: { all: expected.train },
      notes: ['ROOT: passed over 2 pictures that no table names, such as "images/tulip1.png"'],
    })
  })

  test('beside class folders only where it says otherwise of all pictures', async () => {
    const folders: Files = {}
    for (const [path, content] of Object.entries(flat))
      folders[path.replace('images/', `${path.includes('tulip') ? 'b' : 'a'}/`)] = content
    const table = (of: readonly string[]) =>
      lines(
        'filename,label',
        (name) => `${name.includes('tulip') ? 'b' : 'a'}/${name}.png,${labelOf(name)}`,
      )(of)
    const classes = {
      all: { a: ['lily1.png', 'lily2.png', 'rose1.png', 'rose2.png'], b: ['tulip1.png', 'tulip2.png'] },
    }
    expect(await found({ root: await folderOf({ ...folders, 'labels.csv': table(names) }) })).toEqual({
      splits: all,
      notes: [],
    })
    expect(
      await found({ root: await folderOf({ ...folders, 'labels.csv': table(names.slice(1)) }) }),
    ).toEqual({
      splits: classes,
      notes: [
        'ROOT/labels.csv: is passed over, since the pictures lie in class folders and it does not name all of them',
      ],
    })
    expect(
      await found({
        root: await folderOf({
          ...folders,
          'log.csv': 'epoch,loss\n1,2\n',
          'train.csv': 'epoch,loss\n1,2\n',
        }),
      }),
    ).toEqual({
      splits: classes,
      notes: ['ROOT/train.csv: is passed over, since the pictures lie in folders and it names none of them'],
    })
  })
})

test('pictures in many folders are found by their names alone, where these are different', async () => {
  const files: Files = {}
  for (const [index, [path, content]] of Object.entries(flat).entries())
    files[path.replace('images/', `images/0${Math.floor(index / 2)}/`)] = content
  const table = lines('filename,label', (name) => `${name}.png,${labelOf(name)}`)(names)
  expect(await found({ root: await folderOf({ ...files, 'labels.csv': table }) })).toEqual({
    splits: { all: { ...expected.train, ...expected.test } },
    notes: [],
  })
})

test('pictures in one folder without a table are told to be of one class', async () => {
  expect((await found({ root: await folderOf(flat) })).notes).toEqual([
    'ROOT: all of its 6 pictures are of one class, "images"; expected a folder for each class, or a table of filename,label',
  ])
})

describe('refused with the line and what was expected', () => {
  test.each<[string, string | Uint8Array, string]>([
    [
      'Windows-1251',
      Buffer.from('filename,label\nrose1.png,\xf0\xee\xe7\xe0\nlily1.png,\xeb\xe8\xef\xe0\n', 'latin1'),
      'labels.csv: line 2 is not UTF-8 text; save the file as UTF-8',
    ],
    [
      'GBK',
      Buffer.from('filename,label\nrose1.png,a\nlily1.png,\xc3\xb5\xb9\xe5\n', 'latin1'),
      'labels.csv: line 3 is not UTF-8',
    ],
    [
      'letters that are lost',
      'filename,label\nrose1.png,\ufffd\ufffd\n',
      'line 2: label "\\u{fffd}\\u{fffd}" holds',
    ],
    [
      'no classes',
      'filename\nrose1.png\nlily1.png\n',
      'line 1: has a column of pictures, but none of their classes; expected a header "filename,label"',
    ],
    [
      'an index and no classes',
      ',filename\n0,rose1.png\n1,lily1.png\n',
      'line 1: has a column of pictures, but none of their classes',
    ],
    [
      'two columns of classes',
      'filename,genus,family\nrose1.png,a,x\nrose2.png,b,x\nlily1.png,b,y\n',
      'several columns that may be the class ("genus", "family")',
    ],
    [
      'a column for each class',
      'filename,rose,lily\nrose1.png,1,0\nrose2.png,1,0\nlily1.png,0,1\n',
      'several columns that may be the class ("rose", "lily")',
    ],
    ['another format', 'filename,label\nrose1.jpg,a\n', 'picture "rose1.jpg" is not in'],
    [
      'two labels',
      'filename,label\nrose1.png,a\nrose1.png,b\n',
      'line 3: picture "rose1.png" is listed twice: here as "b", in line 2 as "a"; remove one line',
    ],
    [
      'the same in two forms',
      'filename,label\nrose1.png,a\nimages/rose1.png,a\n',
      'line 3: picture "images/rose1.png" is listed twice, in line 2 too',
    ],
    [
      'a picture that is missing',
      'filename,label\nrose1.png,a\nx.png,a\ny.png,a\n',
      'line 3: picture "x.png" and 1 more of 3 are not in',
    ],
    [
      'pictures that are all missing',
      'filename,label\nx.png,a\ny.png,a\n',
      'line 2: picture "x.png" and 1 more of 2 are not in',
    ],
    [
      'a missing first picture without a header',
      'x.png,a\nrose1.png,a\nlily1.png,b\n',
      'line 1: picture "x.png" is not in',
    ],
    ['a label of two lines', 'filename,label\nrose1.png,"a\nlily1.png,b"\n', 'holds a line break'],
    [
      'quotes that do not end',
      'filename,label\nrose1.png,"a\nlily1.png,b\n',
      'is no table of "filename,label"',
    ],
    ['a label with a comma', 'filename,label\nrose1.png,a, b\n', 'line 2: has 3 values where line 1 has 2'],
    [
      'a label that is missing',
      'filename,label\nrose1.png,\n',
      'line 2: needs a value under both "filename" and "label"',
    ],
    ['no lines', 'filename,label\n', 'lists no pictures'],
  ])('%s', async (_, table, reason) => {
    const root = await folderOf({ ...flat, 'labels.csv': table })
    const message = await messageOf(openDataset({ root }))
    expect(message).toContain(join(root, 'labels.csv'))
    expect(message).toContain(reason)
    expect(message).not.toContain('\n')
  })

  test('one that names no pictures where folders say nothing of classes', async () => {
    const root = await folderOf({ ...flat, 'train.csv': 'x\ty\tz\n' })
    expect(await messageOf(openDataset({ root }))).toBe(
      `${join(root, 'train.csv')} line 1: names none of the pictures in ${root}; expected a header "filename,label" and lines such as "images/1.jpg,cat"`,
    )
  })

  test('two tables of one split, or of all', async () => {
    const tables = async (...files: string[]) =>
      messageOf(
        openDataset({
          root: await folderOf({ ...flat, ...Object.fromEntries(files.map((file) => [file, plain(names)])) }),
        }),
      )
    expect(await tables('val.csv', 'valid.csv')).toContain(
      'tables "val.csv" and "valid.csv" are both of the split val',
    )
    expect(await tables('a.csv', 'b.csv')).toContain('tables "a.csv" and "b.csv" both name its pictures')
  })

  test('a split that has no table says what is there', async () => {
    const root = await folderOf(withTables(plain))
    expect(await messageOf(openDataset({ root, only: ['val'] }))).toContain(
      'has no split "val", only train, test',
    )
  })
})

describe('as classes', () => {
  const classes = (root: string) => found({ root, layout: 'classes' })
  const all = { all: { ...expected.train, ...expected.test } }

  test('tables are taken, and their splits put together, also where a class is in two', async () => {
    for (const root of [
      await folderOf(withTables(plain)),
      await temporaryFile('t.zip', await zipOf(withTables(plain))),
    ]) {
      const { splits, notes } = await classes(root)
      expect(splits).toEqual(all)
      expect(notes[0]).toMatch(/test\.csv, .*train\.csv: say which class each picture is of$/)
      expect(notes[1]).toBe('ROOT: the classes of its splits test, train are put together')
    }
    const halves = lines(
      'filename,label,split',
      (name) => `${name}.png,${labelOf(name)},${name.endsWith('1') ? 'train' : 'test'}`,
    )
    expect((await classes(await folderOf({ ...flat, 'labels.csv': halves(names) }))).splits).toEqual(all)
  })

  test('a table that names all pictures counts before the folders that they lie in', async () => {
    const files = Object.fromEntries(
      names.map((name, index) => [`batch${index % 2}/${name}.png`, flat[`images/${name}.png`]!]),
    )
    const table = lines('filename,label', (name, index) => `batch${index % 2}/${name}.png,${labelOf(name)}`)
    expect((await classes(await folderOf({ ...files, 'labels.csv': table(names) }))).splits).toEqual(all)
    const part = await classes(await folderOf({ ...files, 'labels.csv': table(names.slice(0, 3)) }))
    expect(Object.keys(part.splits.all!)).toEqual(['batch0', 'batch1'])
    expect(part.notes.join()).toContain('is passed over')
  })

  test('a table that cannot be read is not passed over', async () => {
    const table = Buffer.from('filename,label\nrose1.png,\xf0\xee\xe7\xe0\n', 'latin1')
    expect(await messageOf(classes(await folderOf({ ...flat, 'labels.csv': table })))).toContain(
      'line 2 is not UTF-8 text',
    )
  })
})
