import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prepareDataset } from '../index.js'
import {
  classFiles,
  type Files,
  folderOf,
  messageOf,
  picture,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'
import { contentOf, expectVerifiable, prepared, refusal, tgzOf } from './prepare.test.helper.js'

const split = () => temporaryFile('pets.yaml', 'train: [cat]\nval: [dog]\ntest: [owl]')
const pets = () => classFiles(['cat', 'dog', 'owl'])

describe('what is asked for', () => {
  test.each([
    ['cifarfs', undefined, /^data set "cifarfs" is none of mini-imagenet, .*; did you mean "cifar-fs"\?$/],
    ['constructor', undefined, /; name its split file with --split$/],
    ['cub', undefined, /name the split with --split cub-closerlook or --split cub-frn$/],
    ['stanford-dogs', undefined, /^stanford-dogs: no split of Stanford Dogs is shipped; name a YAML file/],
    ['cub', 'cub-fr', /^split "cub-fr" does not exist; did you mean "cub-frn"\?/],
    ['cifar-fs', undefined, /nowhere: does not exist; check the path/],
  ])('%s with split %s', async (name, ofSplit, message) => {
    const from = join(await temporaryFolder(), 'nowhere')
    expect(await refusal({ name, from, ...(ofSplit && { split: ofSplit }) })).toMatch(message)
  })
})

describe('a source', () => {
  test('that is not the whole is refused with what was found and expected', async () => {
    const files = await classFiles(['dolphin', 'baby', 'sea', 'seel'], 2)
    const from = await temporaryFile(
      'cifar100.zip',
      await zipOf({ ...files, 'dolphin/more.png': await picture(9) }),
    )
    expect(await refusal({ name: 'cifar-fs', from })).toBe(
      `${from}: is not the whole of CIFAR-FS: ` +
        'train has 1 class instead of 64 (no "seal" and 62 more; did you mean "seel"?); ' +
        'val has 1 class instead of 16 (no "beaver" and 14 more); ' +
        'test has 1 class instead of 20 (no "whale" and 18 more); ' +
        'class "dolphin" has 3 images instead of 600 (and 2 more classes have not as many); ' +
        'fetch it again, or accept what is there with --incomplete',
    )
  })

  test('without any class of the split is refused even as incomplete', async () => {
    const from = await folderOf(await pets())
    expect(await refusal({ name: 'cub', from, split: 'cub-frn', incomplete: true })).toMatch(
      /^cub-frn: class "002.Laysan_Albatross" and 99 more of train is not in .*; it has for example "cat"$/,
    )
  })

  test('that lacks a class of a split file', async () => {
    const { 'owl/0.png': _0, 'owl/1.png': _1, 'owl/2.png': _2, ...files } = await pets()
    const options = { name: 'pets', from: await folderOf(files), split: await split() }
    expect(await refusal(options)).toContain('test has 0 classes instead of 1 (no "owl")')
    const { card } = await prepared(options)
    expect(Object.keys(card.splits)).toEqual(['train', 'val'])
    expect(card.differences).toEqual(['test has 0 classes instead of 1 (no "owl")'])
  })

  const damaged = async (pack: (files: Files) => Promise<Buffer>): Promise<Buffer> => {
    const bytes = await pack(await pets())
    return bytes.fill(0x55, bytes.length >> 1, (3 * bytes.length) >> 2)
  }
  test.each([
    ['a damaged zip', 'a.zip', () => damaged(zipOf), /damaged inside the archive|cannot be read as a zip/],
    ['a damaged tar', 'a.tar', () => damaged(tarOf), /damaged or cut off tar/],
    ['a damaged tar.gz', 'a.tgz', () => damaged(tgzOf), /is a damaged gzip file/],
    [
      'a cut off tar.gz',
      'a.tgz',
      async () => (await tgzOf(await pets())).subarray(0, -20),
      /is a damaged gzip file/,
    ],
    ['no archive', 'a.zip', async () => Buffer.from('hello'), /is neither a folder nor a zip, tar or tar.gz/],
    [
      'a tar that leads out',
      'a.tar',
      async () => tarOf({ '../cat/1.png': await picture(1) }),
      /leads out of the archive/,
    ],
  ])('that is %s', async (_, name, bytes, message) => {
    const from = await temporaryFile(name, await bytes())
    expect(await refusal({ name: 'pets', from, split: await split(), incomplete: true })).toMatch(message)
  })

  test('with a label that leads out of the folder', async () => {
    const from = await folderOf({
      'images/1.png': await picture(1),
      'train.csv': 'filename,label\n1.png,../../cat\n',
    })
    const ofSplit = await temporaryFile('out.yaml', 'train: [../../cat]')
    expect(await refusal({ name: 'pets', from, split: ofSplit })).toMatch(
      /picture "images\/1.png" would become "train\/..\/..\/cat\/1.png", which is no portable name/,
    )
  })

  test('in two archives at once', async () => {
    const archive = await zipOf(await pets())
    const from = await folderOf({ 'a.zip': archive, 'b.zip': archive })
    expect(await refusal({ name: 'pets', from, split: await split() })).toMatch(
      /"cat\/0.png" is in .*; leave one/,
    )
  })
})

describe('the folder', () => {
  test('is told with the hash of an archive, or of the checksums of loose pictures', async () => {
    const files = await pets()
    const zip = await zipOf(files)
    const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
    const options = { name: 'pets', split: await split() }
    const packed = await prepared({ ...options, from: await temporaryFile('pets.zip', zip) })
    expect(packed.card.sources).toEqual([{ file: 'pets.zip', bytes: zip.length, sha256: sha256(zip) }])
    const loose = await prepared({ ...options, from: await folderOf(files) })
    const sizes = Object.values(files).map(({ length }) => length)
    const checksums = (await contentOf(loose.folder)).get('checksums.sha256')!.toString()
    const lines = checksums.replace(/.*  dataset\.json\n/, '')
    expect(loose.card.pictures).toEqual({
      files: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      sha256: sha256(lines),
    })
  })

  test('is the same each time, from loose and from packed pictures', async () => {
    const files = await pets()
    const ofSplit = await split()
    const [zip, tar] = [await zipOf(files), await tgzOf(files)]
    const sources = [zip, zip].map((bytes) => temporaryFile('pets.zip', bytes))
    const runs = await Promise.all(
      sources.map(
        async (from) => (await prepared({ name: 'pets', from: await from, split: ofSplit })).folder,
      ),
    )
    const [first, second] = await Promise.all(runs.map(contentOf))
    expect(first).toEqual(second)
    const other = await prepared({ name: 'pets', from: await temporaryFile('p.tgz', tar), split: ofSplit })
    const content = await contentOf(other.folder)
    const pictures = (of: Map<string, Buffer>) => [...of].filter(([path]) => path.endsWith('.png'))
    expect(pictures(content)).toEqual(pictures(first!))
  })

  test('that is there is kept without force, and replaced as a whole with it', async () => {
    const options = { name: 'pets', from: await folderOf(await pets()), split: await split() }
    const parent = await folderOf({ 'out/old.txt': 'old', 'file.txt': '', 'empty/': '' })
    const to = join(parent, 'out')
    expect(await messageOf(prepareDataset({ ...options, to }))).toBe(
      `${to}: exists and is not empty; name a new folder, or replace it and all it holds with --force`,
    )
    expect(await messageOf(prepareDataset({ ...options, to: join(parent, 'file.txt') }))).toMatch(/is a file/)
    expect(await readdir(to)).toEqual(['old.txt'])
    await prepareDataset({ ...options, to, force: true })
    await prepareDataset({ ...options, to: join(parent, 'empty') })
    for (const folder of [to, join(parent, 'empty')])
      expect((await readdir(folder)).toSorted()).toEqual([
        'checksums.sha256',
        'dataset.json',
        'test',
        'train',
        'val',
      ])
    expect((await readdir(parent)).toSorted()).toEqual(['empty', 'file.txt', 'out'])
  })

  test('that two make at once is that of one of them, and the other is told', async () => {
    const to = join(await temporaryFolder(), 'out')
    const options = { name: 'pets', from: await folderOf(await pets()), split: await split(), to }
    const ended = await Promise.allSettled([1, 2, 3].map(() => prepareDataset(options)))
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of ended) {
      if (one.status === 'fulfilled') continue
      expect((one.reason as Error).message).toMatch(
        /out: (was filled by another process meanwhile|exists and is not empty)/,
      )
    }
    await expectVerifiable(to)
    const forced = await Promise.allSettled([1, 2, 3].map(() => prepareDataset({ ...options, force: true })))
    expect(forced.some(({ status }) => status === 'fulfilled')).toBe(true)
    await expectVerifiable(to)
    expect(await readdir(join(to, '..'))).toEqual(['out'])
  })

  test('of a source that changes meanwhile is not made', async () => {
    const from = await folderOf(await pets())
    const to = join(await temporaryFolder(), 'out')
    const first = Object.keys(await pets()).find((path) => path.endsWith('.png'))
    const change = (done: number) => done === 1 && writeFileSync(join(from, first!), 'other bytes')
    const making = prepareDataset({ name: 'pets', from, to, split: await split(), onProgress: change })
    expect(await messageOf(making)).toBe(`${from}: was changed while it was read; prepare it again`)
    expect(await readdir(join(to, '..'))).toEqual([])
  })

  test('that holds the source is never replaced', async () => {
    const to = await folderOf({ 'source/': '' })
    const from = join(to, 'source')
    for (const [path, bytes] of Object.entries(await pets())) {
      await mkdir(join(from, path, '..'), { recursive: true })
      await writeFile(join(from, path), bytes)
    }
    const link = join(await temporaryFolder(), 'link')
    await symlink(to, link)
    for (const folder of [to, link, from]) {
      const attempt = prepareDataset({ name: 'pets', from, to: folder, split: await split(), force: true })
      expect(await messageOf(attempt)).toBe(
        `${folder}: holds the source or the working folder; name a new or empty folder`,
      )
    }
  })

  test('does not appear when it is interrupted, whatever is under way', async () => {
    const files: Files = {}
    const byte = await picture(1, 1, 1)
    for (let index = 0; index < 200; index++) files[`${['cat', 'dog', 'owl'][index % 3]}/${index}.png`] = byte
    const ofSplit = await split()
    const tgz = await temporaryFile('pets.tgz', await tgzOf(files))
    for (const last of [0, 1, 40, 199]) {
      const parent = await temporaryFolder()
      const controller = new AbortController()
      if (last === 0) controller.abort()
      let seen = 0
      const attempt = prepareDataset({
        name: 'pets',
        from: tgz,
        to: join(parent, 'deep', 'pets'),
        split: ofSplit,
        signal: controller.signal,
        onProgress: (done) => {
          seen = done
          if (done === last) controller.abort()
        },
      })
      await expect(attempt).rejects.toThrow('This operation was aborted')
      expect(seen).toBeLessThan(last + 17)
      expect(await readdir(parent)).toEqual([])
    }
  })

  test('does not appear when a picture cannot be read', async () => {
    const files = await pets()
    const zip = await zipOf(files, false)
    zip[zip.indexOf(files['owl/1.png'] as Buffer) + 50]! ^= 1
    const from = await temporaryFile('pets.zip', zip)
    expect(await refusal({ name: 'pets', from, split: await split() })).toMatch(
      /owl\/1.png: is damaged inside/,
    )
  })
})
