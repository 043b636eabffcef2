import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClassNames, findClassNames, readClassNames } from '../index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-names-'))
})
afterAll(() => rm(folder, { recursive: true }))

const labels = ['n01440764', 'n02206856', 'n02219486']
const expected = { n01440764: 'tench, Tinca tinca', n02206856: 'bee', n02219486: 'ant "emmet"' }

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

const read = async (name: string, content: string | Uint8Array) =>
  Object.fromEntries(await readClassNames(await written(name, content), new Set(labels)))

describe('readClassNames', () => {
  const quoted = (separator: string) =>
    Object.entries(expected)
      .map(([key, name]) => `${key}${separator}"${name.replaceAll('"', '""')}"`)
      .join('\n')
  const plain = (separator: string) =>
    Object.entries(expected)
      .map(([key, name]) => `${key}${separator}${name}`)
      .join('\n')

  it.each([
    ['a.csv', quoted(',')],
    ['a.csv', `class,name\n${quoted(',')}\n`],
    ['a.csv', `\uFEFFid;label\r\n${quoted(';').replaceAll('\n', '\r\n')}\r\n\r\n`],
    [
      'a.csv',
      `name,wnid\n${Object.entries(expected)
        .map(([key, name]) => `"${name.replaceAll('"', '""')}",${key}`)
        .join('\n')}`,
    ],
    ['words.txt', plain('\t')],
    ['LOC_synset_mapping.txt', plain(' ')],
    ['a.tsv', `# of flowers\n${plain('\t')}`],
    ['a.json', JSON.stringify(expected)],
    [
      'imagenet_class_index.json',
      JSON.stringify(Object.fromEntries(Object.entries(expected).map((pair, index) => [index, pair]))),
    ],
    [
      'utf16.csv',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`class;name\n${quoted(';')}`, 'utf16le')]),
    ],
  ])('takes %s: %j', async (name, content) => {
    expect(await read(name, content)).toEqual(expected)
  })

  it('keeps a heading that is a class', async () => {
    const file = await written('a.csv', 'label,name\nrose,red')
    expect(Object.fromEntries(await readClassNames(file, new Set(['label', 'rose'])))).toEqual({
      label: 'name',
      rose: 'red',
    })
  })

  it.each([
    [
      'a.csv',
      'n02206856,bee\nn02219486,ant,emmet',
      / line 2: has 3 columns; expected two, the class and its name \(in quotes/,
    ],
    ['a.txt', 'n02206856\tbee\n\nn02219486', / line 3: has one column; expected two/],
    ['a.csv', 'n02206856,bee\nn02206856,wasp', / line 2: class n02206856 is called bee and wasp; leave one/],
    [
      'a.csv',
      'n02206856,bee\nn02219486,',
      / line 2: expected a class and its name, found one without the other/,
    ],
    ['a.csv', Buffer.from('n02206856,bee\nn02219486,\xf0\xee\xe7\xe0', 'latin1'), /a\.csv:? line 2.*UTF-8/],
    ['a.csv', 'filename,label\na.jpg,n02206856', /a\.csv line 2: names a picture \(a\.jpg\)/],
    ['a.json', '["bee"]', /holds a list; expected an object of names by class/],
    ['a.json', '{"n02206856": 3}', /the name of n02206856 is 3; expected/],
    ['a.json', '{"n02206856": ', /is no JSON/],
  ])('refuses %s %j', async (name, content, message) => {
    await expect(read(name, content)).rejects.toThrow(message)
  })

  it('says that there is no file', async () => {
    await expect(readClassNames(join(folder, 'none.csv'), new Set())).rejects.toThrow(
      'none.csv: expected names of classes, but there is no such file',
    )
  })
})

describe('findClassNames', () => {
  it('looks among and beside the pictures for a file that names some of the classes, and tells what does not fit', async () => {
    const data = join(folder, 'set', 'pictures')
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'labels.csv'), 'filename,label\na.jpg,n02206856')
    await writeFile(join(data, 'classes.txt'), Buffer.from('n02206856 \xf0\xee\xe7\xe0', 'latin1'))
    const words = join(folder, 'set', 'words.txt')
    await writeFile(words, 'n02206856\tbee\nn09999999\tnothing')
    const { names, notes } = await findClassNames(labels, { beside: data })
    expect(names).toEqual({ n02206856: 'bee' })
    expect(notes).toEqual([
      expect.stringMatching(/classes\.txt.*UTF-8.*; it is not used for names of classes$/),
      `${words}: names 1 class`,
      `${words}: also names 1 class that is not there ("n09999999")`,
      `${words}: does not name 2 classes ("n01440764", "n02219486"), which keep their labels`,
    ])
  })

  it('is content with none, but not with one that was given and names none', async () => {
    expect(await findClassNames(['x'], { beside: join(folder, 'nowhere', 'at all') })).toEqual({
      names: {},
      notes: [],
    })
    const file = await written('other.csv', 'a,b')
    await expect(findClassNames(['x', 'y'], { file })).rejects.toThrow(
      'other.csv: names none of the classes; it has "a", the classes are "x", "y"',
    )
  })
})

describe('ClassNames', () => {
  it('keeps classes of one name apart', () => {
    const names = new ClassNames({ n1: 'crane', n2: 'crane', n3: 'bee', n4: 'wasp', n5: 'n5' }, [
      'n1',
      'n2',
      'n3',
      'n4',
      'n5',
      'wasp',
    ])
    expect(['n1', 'n2', 'n3', 'n4', 'n5', 'wasp', 'other'].map(names.of)).toEqual([
      'crane (n1)',
      'crane (n2)',
      'bee',
      'wasp (n4)',
      'n5',
      'wasp',
      'other',
    ])
  })

  it('calls no two classes the same where labels hold no brackets', () => {
    const text = fc.stringMatching(/^[a-c]{1,2}$/)
    fc.assert(
      fc.property(fc.dictionary(text, text), fc.uniqueArray(text, { minLength: 1 }), (given, all) => {
        const names = new ClassNames(given, all)
        expect(new Set(all.map(names.of)).size).toBe(all.length)
      }),
    )
  })
})

describe('mistaken names', () => {
  it('never takes a table of pictures for names of classes', async () => {
    const home = join(await mkdtemp(join(tmpdir(), 'm2l-pictures-')), 'home')
    await mkdir(home)
    for (const name of ['a0.png', 'b0.png']) await writeFile(join(home, name), '')
    await writeFile(join(home, 'labels.csv'), 'image_id,label\na0,n02206856\nb0,n02219486\n')
    expect(await findClassNames(labels, { beside: join(home, 'labels.csv') })).toEqual({
      names: {},
      notes: [],
    })
    expect(await findClassNames(labels, { beside: home })).toEqual({ names: {}, notes: [] })
    await writeFile(
      join(home, 'labels.csv'),
      'filename;label;score\na0.png;n02206856;0,5\nb0.png;n02219486;1,5\n',
    )
    expect(await findClassNames(labels, { beside: home })).toEqual({ names: {}, notes: [] })
  })

  it('refuses JSON that names a class twice, and says how many columns a line has', async () => {
    await expect(read('twice.json', '{\n"n02206856": "bee",\n"n02206856": "wasp"}')).rejects.toThrow(
      'twice.json line 3: names a class twice; leave one',
    )
    await expect(read('three.csv', '1,n02206856,bee\n2,n02219486,ant\n')).rejects.toThrow(
      'line 1: has 3 columns; expected two',
    )
  })
})
