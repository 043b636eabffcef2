import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, open, symlink, link, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { pack as tarPack } from 'tar-stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { describeLeftOut, type LeftOut, listImages, openDataset } from '../index.js'
import {
  type Files,
  folderOf,
  messageOf,
  picture,
  pixelsOf,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'

let one: Buffer
let two: Buffer
beforeAll(async () => {
  one = await picture(1)
  two = await picture(2)
})

interface Opened {
  readonly classes: Record<string, string[]>
  readonly leftOut: readonly LeftOut[]
  readonly notes: readonly string[]
  /** The first value of each picture, in order. */
  readonly seeds: number[]
}

async function opened(root: string): Promise<Opened> {
  const dataset = await openDataset({ root })
  try {
    const { classes } = dataset.splits['all']!
    const images = await dataset.readMany(classes.flatMap((ofClass) => ofClass.images))
    return {
      classes: Object.fromEntries(classes.map(({ name, images: of }) => [name, of.map(({ id }) => id)])),
      leftOut: dataset.leftOut,
      notes: dataset.notes,
      seeds: images.map(({ data }) => data[0]!),
    }
  } finally {
    await dataset.close()
  }
}

const zip = async (files: Files) => temporaryFile('a.zip', await zipOf(files))
const tar = async (files: Files) => temporaryFile('a.tar', await tarOf(files))
const sources: [string, (files: Files) => Promise<string>][] = [
  ['folder', folderOf],
  ['zip', zip],
  ['tar', tar],
]

/** Other bytes for a name in an archive, as long as it was. */
function renamed(archive: Buffer, from: string, to: Buffer): Buffer {
  expect(to.length).toBe(Buffer.byteLength(from))
  for (let at = archive.indexOf(from); at >= 0; at = archive.indexOf(from)) to.copy(archive, at)
  return archive
}

describe.each(sources)('a %s', (kind, sourceOf) => {
  test('has pictures of every ending that the decoder reads, in either case', async () => {
    const endings = ['apng', 'jfif', 'JPE', 'jif', 'Pjpeg', 'pjp', 'png', 'JPG', 'jpeg']
    const files = Object.fromEntries(endings.map((ending) => [`a/1.${ending}`, one]))
    const { classes, seeds, leftOut } = await opened(await sourceOf({ ...files, 'b/1.png': two }))
    expect(classes['a']!.length).toBe(endings.length)
    expect(seeds).toEqual([...endings.map(() => 1), 2])
    expect(leftOut).toEqual([])
  })

  test('may have line breaks and any other letters in names of files and classes', async () => {
    const { classes, seeds } = await opened(
      await sourceOf({ 'a\nb/c\nd.png': one, 'a\nb/\r\t.png': one, 'c d/[x]*?{1}.png': two }),
    )
    expect(classes).toEqual({
      'a\nb': ['a\nb/\r\t.png', 'a\nb/c\nd.png'],
      'c d': ['c d/[x]*?{1}.png'],
    })
    expect(seeds).toEqual([1, 1, 2])
  })

  test.skipIf(kind === 'zip')('may have back slashes in names', async () => {
    const { classes } = await opened(await sourceOf({ 'a\\b/1.png': one, 'c/1\\2.png': two }))
    expect(classes).toEqual({ 'a\\b': ['a\\b/1.png'], c: ['c/1\\2.png'] })
  })

  test('tells what it leaves out, in one line', async () => {
    const root = await sourceOf({
      'a/1.png': one,
      'b/1.png': two,
      'a/.DS_Store': '',
      '__MACOSX/a/._1.png': '',
      'b/photo.HEIC': '',
      'b/noending': '',
      'notes\nof mine.txt': '',
    })
    const { leftOut, notes } = await opened(root)
    expect(leftOut).toEqual([
      { reason: 'leftover', entries: 2, examples: expect.anything() },
      {
        reason: 'not-a-picture',
        entries: 3,
        examples: expect.arrayContaining(['.heic', 'no ending', '.txt']),
      },
    ])
    expect(notes).toEqual([`${root}: ${describeLeftOut(leftOut)}`])
    expect(notes[0]).toMatch(
      /^[^\n]*: left out 5 entries: 2 hidden or left by a system \(.*\); 3 no pictures by their endings \([^\n]*\); save \.heic pictures as JPEG or PNG to have them read$/,
    )
    const list = await listImages(root)
    expect(list.images.length).toBe(2)
    expect(list.leftOut).toEqual(leftOut)
    await list.close()
  })

  test('counts of any entries, what is read and what is told make the whole', async () => {
    const names = fc.uniqueArray(
      fc.tuple(
        fc.constantFrom('a', 'b', '.h', 'é\n'),
        fc.constantFrom('1.png', '2.JPE', '3.txt', '.x', 'Thumbs.db', '5'),
      ),
      { minLength: 1, selector: (pair) => pair.join('/') },
    )
    await fc.assert(
      fc.asyncProperty(names, async (pairs) => {
        const files = Object.fromEntries(pairs.map((pair) => [pair.join('/'), one]))
        // A hidden folder counts once where it is a folder, and by its files in an archive.
        const seen = pairs.filter(([folder]) => folder !== '.h')
        const { images, leftOut, close } = await listImages(await sourceOf({ ...files, 'z/1.png': two }))
        await close()
        const told = leftOut.reduce((sum, { entries }) => sum + entries, 0)
        const hidden = pairs.length - seen.length
        expect([images.length + told, images.length + told - hidden + 1]).toContain(
          seen.length + 1 + Math.min(hidden, 1),
        )
      }),
      { numRuns: 15 },
    )
  })
})

describe('names of zip archives', () => {
  test('the flag is believed; without it names are UTF-8 if all of them can be', async () => {
    const made = await zipOf({ 'роза/1.png': one, 'b/é.png': two })
    const { classes } = await opened(await temporaryFile('a.zip', withoutFlag(made)))
    expect(classes).toEqual({ b: ['b/é.png'], роза: ['роза/1.png'] })
  })

  test.each([
    ['code page 437', Buffer.from('B\x84r_', 'latin1')],
    ['Shift-JIS', Buffer.from([0x94, 0x4c, 0x8c, 0xa2])],
    ['GBK', Buffer.from([0xc3, 0xb5, 0xb9, 0xe5])],
    ['marked as UTF-8, which it is not', Buffer.from([0xc3, 0xb5, 0xb9, 0xe5])],
  ])('other alphabets are told and left out: %s', async (kind, name) => {
    const made = renamed(await zipOf({ 'xxxx/1.png': one, 'a/1.png': two }), 'xxxx', name)
    const root = await temporaryFile('a.zip', kind.startsWith('marked') ? made : withoutFlag(made))
    const { classes, leftOut } = await opened(root)
    expect(classes).toEqual({ a: ['a/1.png'] })
    expect(leftOut).toEqual([
      { reason: 'name', entries: 1, examples: [expect.stringMatching(/^[\w\\]+\/1\.png$/)] },
    ])
  })

  test('two such names never become one, and an archive of nothing else says why it is empty', async () => {
    const made = renamed(await zipOf({ 'xx/1.png': one, 'yy/1.png': two }), 'xx', Buffer.from([0xe9, 0xe8]))
    const root = await temporaryFile('a.zip', withoutFlag(renamed(made, 'yy', Buffer.from([0xe8, 0xe9]))))
    expect(await messageOf(openDataset({ root }))).toMatch(
      /holds no images \(.*\); left out 2 entries: 2 with names that are not UTF-8 \(\\xe9\\xe8\/1\.png, \\xe8\\xe9\/1\.png\)$/,
    )
  })

  test('Info-ZIP’s field of the Unicode path is honoured', async () => {
    const raw = Buffer.from('xxxx/1.png')
    const path = Buffer.from('роза/1.png')
    const field = Buffer.alloc(9 + path.length)
    field.writeUInt16LE(0x7075, 0)
    field.writeUInt16LE(5 + path.length, 2)
    field[4] = 1
    field.writeUInt32LE(crc32(raw), 5)
    path.copy(field, 9)
    const made = withExtraField(await zipOf({ 'xxxx/1.png': one }), field)
    const both = await opened(await temporaryFile('a.zip', made))
    expect(both.classes).toEqual({ роза: ['роза/1.png'] })
  })

  test('back slashes are separators where Windows made the archive', async () => {
    const made = renamed(
      await zipOf({ 'train/cat/1.png': one, 'train/dog/1.png': two }),
      'train/cat/',
      Buffer.from('train\\cat\\'),
    )
    const root = await temporaryFile(
      'a.zip',
      madeBy(renamed(made, 'train/dog/', Buffer.from('train\\dog\\')), 0),
    )
    const dataset = await openDataset({ root })
    expect(dataset.splits['train']!.classes.map(({ name }) => name)).toEqual(['cat', 'dog'])
    await dataset.close()
  })
})

/** Clears flags and marks every entry of the central directory as from a system. */
function changed(archive: Buffer, change: (entry: Buffer) => void): Buffer {
  const start = Buffer.from('PK\x01\x02', 'latin1')
  for (let at = archive.indexOf(start); at >= 0; at = archive.indexOf(start, at + 1))
    change(archive.subarray(at))
  return archive
}

const withoutFlag = (archive: Buffer) =>
  changed(archive, (entry) => entry.writeUInt16LE(entry.readUInt16LE(8) & ~0x800, 8))
const madeBy = (archive: Buffer, system: number) => changed(archive, (entry) => (entry[5] = system))

/** Puts a field behind the name of the only entry. */
function withExtraField(archive: Buffer, field: Buffer): Buffer {
  const at = archive.indexOf(Buffer.from('PK\x01\x02', 'latin1'))
  const end = at + 46 + archive.readUInt16LE(at + 28)
  archive.writeUInt16LE(field.length, at + 30)
  const made = Buffer.concat([archive.subarray(0, end), field, archive.subarray(end + 0)])
  const last = made.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  made.writeUInt32LE(made.readUInt32LE(last + 12) + field.length, last + 12)
  return withoutFlag(made)
}

test('encrypted entries and other methods of packing are told, and the rest is read', async () => {
  const made = await zipOf({ 'a/1.png': one, 'a/2.png': one, 'b/1.png': two, 'b/2.png': two })
  let entry = 0
  const flags = [0, 1, 0, 0]
  const methods = [8, 8, 8, 14]
  changed(made, (found) => {
    found.writeUInt16LE(found.readUInt16LE(8) | flags[entry]!, 8)
    found.writeUInt16LE(methods[entry++]!, 10)
  })
  const root = await temporaryFile('a.zip', made)
  const { classes, leftOut, notes } = await opened(root)
  expect(classes).toEqual({ a: ['a/1.png'], b: ['b/1.png'] })
  expect(leftOut).toEqual([
    { reason: 'encrypted', entries: 1, examples: ['a/2.png'] },
    { reason: 'method', entries: 1, examples: ['b/2.png'] },
  ])
  expect(notes).toEqual([
    `${root}: left out 2 entries: 1 encrypted (a/2.png); 1 packed by another method than deflate and store (b/2.png)`,
  ])
})

test('a part of a split zip archive says so', async () => {
  const made = await zipOf({ 'a/1.png': one })
  made.writeUInt16LE(2, made.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1')) + 4)
  const root = await temporaryFile('a.zip', made)
  expect(await messageOf(openDataset({ root }))).toContain(
    `${root}: is one part of a split zip archive; join`,
  )
})

describe('links in archives', () => {
  const links: [string, string, 'symlink' | 'link'][] = [
    ['b/hard.png', 'a/1.png', 'link'],
    ['b/soft.png', '../a/1.png', 'symlink'],
    ['b/chain.png', 'soft.png', 'symlink'],
    ['b/out.png', '/etc/passwd', 'symlink'],
    ['b/up.png', '../../x.png', 'symlink'],
    ['b/circle.png', 'circle.png', 'symlink'],
    ['c', 'a', 'symlink'],
  ]

  test('to files in a tar are further names of these, others are told', async () => {
    const archive = tarPack()
    for (const [name, linkname, type] of links) archive.entry({ name, type, linkname })
    archive.entry({ name: 'a/1.png' }, one)
    archive.entry({ name: 'b/2.png' }, two)
    archive.finalize()
    const { classes, leftOut } = await opened(await temporaryFile('a.tar', await buffer(archive)))
    expect(classes).toEqual({ a: ['a/1.png'], b: ['b/2.png'] })
    expect(leftOut).toEqual([
      { reason: 'link-to-nothing', entries: 4, examples: ['b/out.png', 'b/up.png', 'b/circle.png'] },
      {
        reason: 'same-file-other-class',
        entries: 3,
        examples: ['b/chain.png is a/1.png', 'b/hard.png is a/1.png', 'b/soft.png is a/1.png'],
      },
    ])
  })

  test('and so in a zip', async () => {
    const archive = new ZipFile()
    archive.addBuffer(one, 'a/1.png')
    archive.addBuffer(two, 'b/2.png')
    for (const [name, target, type] of links) {
      if (type === 'symlink') archive.addBuffer(Buffer.from(target), name, { mode: 0o120777 })
    }
    archive.addBuffer(Buffer.alloc(0), 'b/pipe.png', { mode: 0o010666 })
    archive.end()
    const { classes, leftOut } = await opened(
      await temporaryFile('a.zip', await buffer(archive.outputStream)),
    )
    expect(classes).toEqual({ a: ['a/1.png'], b: ['b/2.png'] })
    expect(leftOut.map(({ reason, entries }) => [reason, entries])).toEqual([
      ['special', 1],
      ['link-to-nothing', 4],
      ['same-file-other-class', 2],
    ])
  })
})

const hasGnuTar = /GNU tar/.test(spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout ?? '')

describe.skipIf(!hasGnuTar)('what GNU tar writes', () => {
  /** A folder with a picture that has holes before and after its content, and one without. */
  async function withHoles(holes: number): Promise<{ root: string; content: Buffer }> {
    const root = await folderOf({ 'a/plain.png': one, 'b/1.png': two })
    const path = join(root, 'a/sparse.png')
    const handle = await open(path, 'w')
    await handle.write(one, 0, one.length, 0)
    for (let hole = 1; hole < holes; hole++) await handle.write(Buffer.from([hole]), 0, 1, hole << 16)
    await handle.truncate((holes << 16) + 5)
    const content = await handle.stat().then(({ size }) => Buffer.alloc(size))
    one.copy(content)
    for (let hole = 1; hole < holes; hole++) content[hole << 16] = hole
    await handle.close()
    return { root, content }
  }

  test.each([
    ['old', ['--format=gnu'], 3],
    ['old, with blocks of its own', ['--format=gnu'], 60],
    ['0.0', ['--format=pax', '--sparse-version=0.0'], 3],
    ['0.1', ['--format=pax', '--sparse-version=0.1'], 3],
    ['1.0', ['--format=pax', '--sparse-version=1.0'], 3],
    ['1.0, with a long map', ['--format=pax', '--sparse-version=1.0'], 90],
  ] as const)('sparse files are whole: %s', async (_, options, holes) => {
    const { root, content } = await withHoles(holes)
    const file = join(await temporaryFolder(), 'a.tar')
    execFileSync('tar', ['-S', ...options, '-cf', file, '-C', root, '.'])
    const { images, leftOut, close } = await listImages(file)
    expect(leftOut).toEqual([])
    expect(images.map(({ file: name }) => name.replace(/.*: /, ''))).toEqual([
      'a/plain.png',
      'a/sparse.png',
      'b/1.png',
    ])
    const read = await Promise.all(images.map((image) => image.read!()))
    expect(read[0]!.equals(one)).toBe(true)
    expect(read[1]!.equals(content)).toBe(true)
    expect(read[2]!.equals(two)).toBe(true)
    await close()
    expect((await opened(file)).seeds).toEqual([1, 1, 2])
  })

  test('hard links, long links, volume labels, pipes and archives joined by cat', async () => {
    const root = await folderOf({ 'a/1.png': one, 'b/2.png': two })
    const long = `${'long '.repeat(40)}.png`
    await link(join(root, 'a/1.png'), join(root, 'a/again.png'))
    await symlink(`../a/${long}`, join(root, 'b', `${'other '.repeat(35)}.png`))
    await writeFile(join(root, 'a', long), two)
    execFileSync('mkfifo', [join(root, 'a/pipe.png')])
    const more = await folderOf({ 'c/3.png': one })
    const [first, second, both] = await Promise.all(
      ['1.tar', '2.tar', '3.tar'].map(async (name) => join(await temporaryFolder(), name)),
    )
    execFileSync('tar', ['-V', 'label', '--format=gnu', '-cf', first!, '-C', root, '.'])
    execFileSync('tar', ['-cf', second!, '-C', more, '.'])
    execFileSync('bash', ['-c', 'cat "$0" "$1" > "$2"', first!, second!, both!])
    const { classes, leftOut } = await opened(both!)
    expect(Object.fromEntries(Object.entries(classes).map(([name, ids]) => [name, ids.length]))).toEqual({
      a: 2,
      b: 1,
      c: 1,
    })
    expect(leftOut.map(({ reason, entries }) => [reason, entries])).toEqual([
      ['special', 1],
      ['same-file', 1],
      ['same-file-other-class', 1],
    ])
  })

  test('names in another alphabet are told', async () => {
    const root = await temporaryFolder()
    const latin = Buffer.concat([Buffer.from(root), Buffer.from('/B\xe4r', 'latin1')])
    await mkdir(latin).catch(() => {})
    await writeFile(Buffer.concat([latin, Buffer.from('/1.png')]), one)
    await mkdir(join(root, 'cat'))
    await writeFile(join(root, 'cat/1.png'), two)
    const expected = {
      reason: 'name',
      entries: expect.any(Number),
      examples: expect.arrayContaining([expect.stringContaining('B\\xe4r')]),
    }
    for (const format of ['gnu', 'pax', 'ustar']) {
      const file = join(await temporaryFolder(), 'a.tar')
      execFileSync('tar', [`--format=${format}`, '-cf', file, '-C', root, '.'], {
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      })
      const { classes, leftOut } = await opened(file)
      expect([classes, leftOut]).toEqual([{ cat: ['cat/1.png'] }, [expected]])
    }
    const { classes, leftOut } = await opened(root)
    expect([classes, leftOut]).toEqual([{ cat: ['cat/1.png'] }, [{ ...expected, entries: 1 }]])
  })
})

test('gzip members that follow each other are one archive', async () => {
  const whole = await tarOf({ 'a/1.png': one, 'b/1.png': two })
  const parts = Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))])
  expect((await opened(await temporaryFile('a.tgz', parts))).seeds).toEqual([1, 2])
})

test.each([
  ['bzip2', 'BZh91AY&SY', 'packed with bzip2, which is not read; run bunzip2'],
  ['xz', '\xfd7zXZ\0\0\0', 'packed with xz'],
  ['zstd', '\x28\xb5\x2f\xfd....', 'packed with zstd'],
  ['7z', "7z\xbc\xaf'\x1c..", 'a 7z archive, which is not read; unpack it and name its folder'],
  ['rar', 'Rar!\x1a\x07\x01\0', 'a rar archive'],
])('%s is called by its name', async (_, begin, message) => {
  const root = await temporaryFile('a.tar.x', Buffer.from(begin, 'latin1'))
  expect(await messageOf(openDataset({ root }))).toContain(`${root}: is ${message}`)
})

test('the same letters in two Unicode forms do not become one', async () => {
  const files = { 'e\u0301/1.png': one, '\u00e9/2.png': two }
  for (const [, sourceOf] of sources) {
    expect(await messageOf(openDataset({ root: await sourceOf(files) }))).toMatch(/Unicode form/)
  }
})

test('a decoded picture is that of its entry', async () => {
  const dataset = await openDataset({ root: await tar({ './a/1.png': one, './b/1.png': two }) })
  const [image] = dataset.splits['all']!.classes[1]!.images
  expect((await dataset.read(image!)).data).toEqual(pixelsOf(2))
  await dataset.close()
})
