import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeLeftOut, listImages, openDataset, unreadHint } from './index.js'
import { folderOf, messageOf, zipOf } from './make-files.test.helper.js'

describe('listImages', () => {
  test('finds the pictures of a folder with the folders that they lie in', async () => {
    const root = await folderOf({
      'top.JPG': '',
      'Katze mit Hut 🎩/é 1.png': '',
      'b/c/2.webp': '',
      'b/.DS_Store': '',
      'b/Thumbs.db': '',
      '.hidden/3.png': '',
      'b/photo.HEIC': '',
      'notes.txt': '',
    })
    const { images, passedOver } = await listImages(root)
    expect(images).toEqual([
      { file: join(root, 'Katze mit Hut 🎩/é 1.png'), label: 'Katze mit Hut 🎩' },
      { file: join(root, 'b/c/2.webp'), label: 'b/c' },
      { file: join(root, 'top.JPG') },
    ])
    expect(passedOver).toEqual([join(root, 'b/photo.HEIC'), join(root, 'notes.txt')])
  })

  test('leaves out what systems leave behind, and tells of it', async () => {
    const root = await folderOf({
      'a/1.png': '',
      'a/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg': '',
      '$RECYCLE.BIN/2.png': '',
      '#recycle/3.png': '',
      'lost+found/4.png': '',
      'System Volume Information/5.png': '',
    })
    const { images, leftOut } = await listImages(root)
    expect(images).toEqual([{ file: join(root, 'a/1.png'), label: 'a' }])
    expect(leftOut.map(({ reason }) => reason)).toEqual(['leftover'])
  })

  test('tells that a table has pictures of several splits', async () => {
    const root = await folderOf({
      'one.csv': 'filename,label,split\n1.png,a,train\n2.png,a,train\n',
      'all.csv': 'filename,label,split\n1.png,a,train\n2.png,a,test\n3.png,b,train\n',
      '1.png': '',
      '2.png': '',
      '3.png': '',
    })
    expect((await listImages(join(root, 'one.csv'))).notes).toEqual([])
    const all = join(root, 'all.csv')
    expect((await listImages(all)).notes).toEqual([
      `${all}: pictures of all of its splits are taken (2 of train, 1 of test); leave lines out if only those of one are meant`,
    ])
  })

  test('passes over the header of a table that follows another', async () => {
    const root = await folderOf({
      'a.csv': 'filename,label\n1.png,a\nfilename,label\n2.png,b\n',
      '1.png': '',
      '2.png': '',
    })
    const { images } = await listImages(join(root, 'a.csv'))
    expect(images.map(({ label }) => label)).toEqual(['a', 'b'])
  })

  test('says so where a path leads into an archive or another file', async () => {
    const root = await folderOf({ 'photos.zip': await zipOf({ 'a/1.png': '' }) })
    expect(await messageOf(listImages(join(root, 'photos.zip/a')))).toBe(
      `${root}/photos.zip/a: leads through a file as if it were a folder; name the file, or unpack it if it is an archive`,
    )
  })

  test('reads a table, whose paths start from its folder, and takes a picture itself', async () => {
    const root = await folderOf({
      'examples.csv': '\ufefffilename,label\npictures/1.jpg, big cat\n"a, b.png",dog\n',
    })
    expect((await listImages(join(root, 'examples.csv'))).images).toEqual([
      { file: join(root, 'pictures/1.jpg'), label: 'big cat' },
      { file: join(root, 'a, b.png'), label: 'dog' },
    ])
    const file = join(await folderOf({ '1.png': '' }), '1.png')
    expect(await listImages(file)).toMatchObject({ kind: 'picture', images: [{ file }], passedOver: [] })
  })

  test('finds those of an archive, and reads them while it is open', async () => {
    const archive = join(await folderOf({}), 'photos.zip')
    await writeFile(archive, await zipOf({ 'top.png': 'T', 'fox/old/1.png': 'F', 'fox/notes.txt': '' }))
    const { kind, images, passedOver, close } = await listImages(archive)
    expect(kind).toBe('archive')
    expect(images.map(({ file, label }) => [file, label])).toEqual([
      [`${archive}: fox/old/1.png`, 'fox/old'],
      [`${archive}: top.png`, undefined],
    ])
    expect(String(await images[0]!.read!())).toBe('F')
    expect(passedOver).toEqual([`${archive}: fox/notes.txt`])
    await close()
  })

  test('says what to do about pictures that are not read, by themselves and among others', async () => {
    const root = await folderOf({ 'IMG_1.HEIC': '', 'a.txt': '', 'b.log': '', 'c.pdf': '', 'old.bmp': '' })
    const hint = 'save .heic pictures as JPEG or PNG to have them read'
    expect(await messageOf(listImages(join(root, 'IMG_1.HEIC')))).toBe(
      `${join(root, 'IMG_1.HEIC')}: is not read; ${hint}`,
    )
    expect(describeLeftOut((await listImages(root)).leftOut)).toMatch(
      /; save \.heic and \.bmp pictures as JPEG or PNG to have them read$/,
    )
    expect(unreadHint(['IMG_1.HEIC'])).toBe(hint)
    expect(unreadHint(['a.txt', 'film.mov'])).toBeUndefined()
    expect(await messageOf(openDataset({ root }))).toContain('.heic and .bmp pictures as JPEG or PNG')
  })

  test('refuses what it cannot list, in a line', async () => {
    const root = await folderOf({
      'twice.csv': 'filename,label\n1.png,a\n./1.png,b\n',
      'half.csv': 'filename,label\n1.png\n',
      'notes.txt': '',
    })
    const message = (name: string) => messageOf(listImages(join(root, name)))
    expect(await message('none')).toMatch(/none: does not exist/)
    expect(await message('twice.csv')).toMatch(/line 3: picture ".\/1.png" is listed in line 2 already/)
    expect(await message('half.csv')).toMatch(/half\.csv/)
    expect(await message('notes.txt')).toMatch(/is neither a folder nor a picture nor a \.csv table/)
  })
})

const names = ['rose1', 'rose2', 'lily1', 'lily2', 'tulip1', 'tulip2']
const flat = Object.fromEntries(names.map((name) => [`images/${name}.png`, '']))
const labelOf = (name: string): string => name.slice(0, -1)
const lines = (header: string, line: (name: string) => string, end = '\n') =>
  [...(header === '' ? [] : [header]), ...names.map(line), ''].join(end)

describe('tables named by themselves', () => {
  test('are read like those of data sets', async () => {
    const root = await folderOf({
      ...flat,
      'a.tsv': lines('label\tfile', (name) => `${labelOf(name)}\t${name}`),
      'b.txt': lines('', (name) => `images/${name}.png ${labelOf(name)}`),
      'c.csv': Buffer.from(
        `\ufeff${lines('Bild;Art', (name) => `${name}.png;${labelOf(name)}`, '\r\n')}`,
        'utf16le',
      ),
    })
    const images = names.map((name) => ({ file: join(root, 'images', `${name}.png`), label: labelOf(name) }))
    for (const table of ['a.tsv', 'b.txt', 'c.csv'])
      expect((await listImages(join(root, table))).images).toEqual(images)
    expect((await listImages(join(root, 'c.csv'))).notes).toEqual([
      `${join(root, 'c.csv')}: its column "Art" is taken for the class`,
    ])
  })

  test('are refused with the line', async () => {
    const root = await folderOf({
      ...flat,
      'a.csv': Buffer.from('filename,label\nimages/rose1.png,\xf0\xee\xe7\xe0\n', 'latin1'),
      'b.csv': 'images/rose1.png,rose\nrose1.png,lily\n',
      'c.csv': 'x,y\n1,2\n',
    })
    const message = (name: string) => messageOf(listImages(join(root, name)))
    expect(await message('a.csv')).toBe(
      `${join(root, 'a.csv')}: line 2 is not UTF-8 text; save the file as UTF-8`,
    )
    expect(await message('b.csv')).toContain(
      'line 2: picture "rose1.png" is listed twice: here as "lily", in line 1 as "rose"',
    )
    expect(await message('c.csv')).toContain(
      'it names no pictures beside it; expected a header "filename,label"',
    )
  })
})
