import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openDataset, type OpenDatasetOptions } from '../index.js'
import {
  classFiles,
  type Files,
  folderOf,
  messageOf,
  picture,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'

const animals: Files = { ...(await classFiles(['cat', 'dog'])), 'dog/large.png': await picture(9, 40, 30) }

/** All pixels of a data set, by id. */
async function pixels(options: OpenDatasetOptions): Promise<Record<string, Buffer>> {
  const dataset = await openDataset(options)
  try {
    const images = Object.values(dataset.splits).flatMap(({ classes }) =>
      classes.flatMap((one) => one.images),
    )
    const read = await dataset.readMany(images)
    return Object.fromEntries(images.map(({ id }, index) => [id, Buffer.from(read[index]!.data)]))
  } finally {
    await dataset.close()
  }
}

/** Other pixels in a file of the same size and time. */
async function replaceUnseen(file: string): Promise<void> {
  const { size, atime, mtime } = await stat(file)
  let seed = 20
  let bytes = await picture(seed)
  while (bytes.length !== size) bytes = await picture(++seed)
  await writeFile(file, bytes)
  await utimes(file, atime, mtime)
}

/** Opens it and says for how many pictures a pack was made. */
async function packed(options: OpenDatasetOptions): Promise<number> {
  let total = 0
  await pixels({ ...options, onPack: (_, all) => (total = all) })
  return total
}

describe.each<[string, () => Promise<string>]>([
  ['folder', () => folderOf(animals)],
  ['zip', async () => temporaryFile('animals.zip', await zipOf(animals))],
])('the pack of a %s', (_, source) => {
  test('is made once and gives the pixels of the source', async () => {
    const root = await source()
    const pack = await temporaryFolder()
    const expected = await pixels({ root })
    expect(await packed({ root, pack })).toBe(7)
    expect(await readdir(pack)).toHaveLength(1)
    expect(await packed({ root, pack })).toBe(0)
    expect(await pixels({ root, pack })).toEqual(expected)
    expect(await pixels({ root, pack, cacheBytes: 0 })).toEqual(expected)
  })

  test('is a safetensors file with checksums', async () => {
    const pack = await temporaryFolder()
    await packed({ root: await source(), pack })
    const [name] = (await readdir(pack)) as [string]
    const bytes = await readFile(join(pack, name))
    const end = 8 + Number(bytes.readBigUInt64LE())
    const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, end)) as Record<
      string,
      { data_offsets: [number, number] }
    > & { __metadata__: Record<string, string> }
    expect(metadata.sha256).toBe(createHash('sha256').update(bytes.subarray(end)).digest('hex'))
    const spans = Object.values(tensors).map(({ data_offsets: offsets }) => offsets)
    expect(spans.map(([begin]) => begin)).toEqual([0, ...spans.slice(0, -1).map(([, stop]) => stop)])
    expect(spans.at(-1)![1]).toBe(bytes.length - end)
  })

  test('is made by two at once without harm', async () => {
    const root = await source()
    const pack = await temporaryFolder()
    const expected = await pixels({ root })
    expect(await Promise.all([pixels({ root, pack }), pixels({ root, pack })])).toEqual([expected, expected])
    expect(await readdir(pack)).toHaveLength(1)
  })

  test('of pictures that are reduced lies beside that of whole ones', async () => {
    const root = await source()
    const pack = await temporaryFolder()
    const [whole, small] = [{ root }, { root, reduceTo: 10 }]
    const expected = [await pixels(whole), await pixels(small)]
    expect(expected[0]).not.toEqual(expected[1])
    for (const folder of [pack, pack]) {
      expect(await pixels({ ...small, pack: folder })).toEqual(expected[1])
      expect(await pixels({ ...whole, pack: folder })).toEqual(expected[0])
    }
    expect(await readdir(pack)).toHaveLength(2)
  })

  test('is not used where the source changes meanwhile, which is told', async () => {
    const root = await folderOf(animals)
    const pack = await temporaryFolder()
    const lines: string[] = []
    const other = await picture(99)
    const found = await pixels({
      root,
      pack,
      onPack: (done, total) => done === total && writeFileSync(join(root, 'cat/0.png'), other),
      onPackProblem: (line) => lines.push(line),
    })
    expect(found['cat/0.png']![0]).toBe(99)
    expect(lines).toEqual([
      `${root}: was changed while its pictures were packed; going on without their pack`,
    ])
    expect((await pixels({ root, pack }))['cat/0.png']![0]).toBe(99)
  })

  test('is given up when aborted, and nothing of it stays', async () => {
    const root = await source()
    const pack = await temporaryFolder()
    const signal = AbortSignal.abort()
    expect(await pixels({ root, pack, signal })).toEqual(await pixels({ root }))
    expect(await readdir(pack)).toEqual([])
  })
})

describe('a pack', () => {
  test('is read in place of the source', async () => {
    const root = await folderOf(animals)
    const pack = await temporaryFolder()
    const expected = await pixels({ root })
    await packed({ root, pack })
    const dataset = await openDataset({ root, pack })
    await writeFile(join(root, 'dog/large.png'), 'no picture any more')
    const { data } = await dataset.read({ id: 'dog/large.png' })
    await dataset.close()
    expect(Buffer.from(data)).toEqual(expected['dog/large.png'])
  })

  test.each<[string, (root: string) => Promise<void>]>([
    ['content changes', async (root) => writeFile(join(root, 'dog/large.png'), await picture(8, 40, 31))],
    ['time changes', (root) => utimes(join(root, 'dog/large.png'), 1, 1)],
    ['content changes behind its size and time', (root) => replaceUnseen(join(root, 'cat/0.png'))],
  ])('gives way to a new one when the %s', async (_, change) => {
    const root = await folderOf(animals)
    const pack = await temporaryFolder()
    await packed({ root, pack })
    await change(root)
    const expected = await pixels({ root })
    expect(await packed({ root, pack })).toBe(7)
    expect(await pixels({ root, pack })).toEqual(expected)
    expect(await readdir(pack)).toHaveLength(1)
  })

  test('never gives wrong pixels, whichever byte of it is damaged or wherever it is cut off', async () => {
    const root = await folderOf(animals)
    const pack = await temporaryFolder()
    const expected = await pixels({ root })
    await packed({ root, pack })
    const [name] = (await readdir(pack)) as [string]
    const whole = await readFile(join(pack, name))
    const place = fc.oneof(fc.nat(600), fc.integer({ min: 4096, max: whole.length - 1 }))
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, change, cut) => {
        const damaged = Buffer.from(cut ? whole.subarray(0, at) : whole)
        if (!cut) damaged[at]! ^= change
        await writeFile(join(pack, name), damaged)
        expect(await pixels({ root, pack })).toEqual(expected)
        expect(await pixels({ root, pack })).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  test('leaves out what cannot be decoded, which is told when it is read', async () => {
    const root = await folderOf({ ...animals, 'dog/bad.png': 'no picture' })
    const pack = await temporaryFolder()
    const dataset = await openDataset({ root, pack })
    expect(await messageOf(dataset.read({ id: 'dog/bad.png' }))).toMatch(/bad\.png: is not a picture/)
    expect((await dataset.read({ id: 'dog/large.png' })).data).toHaveLength(40 * 30 * 3)
    await dataset.close()
  })

  test('that cannot be kept is done without, with one line that says why', async () => {
    const root = await folderOf(animals)
    const pack = join(await temporaryFile('file', ''), 'packs')
    const problems: string[] = []
    const read = await pixels({ root, pack, onPackProblem: (line) => problems.push(line) })
    expect(read).toEqual(await pixels({ root }))
    expect(problems).toEqual([
      expect.stringMatching(/^\S+: decoded pictures cannot be kept there \(E[^\n]+\); going on without$/),
    ])
  })

  test('of quarter turns holds each picture once', async () => {
    const folder = 'images_background/Greek/character01'
    const root = await folderOf({
      [`${folder}/1.png`]: await picture(1),
      [`${folder}/2.png`]: await picture(2),
    })
    const pack = await temporaryFolder()
    expect(await packed({ root, pack })).toBe(2)
    expect(await pixels({ root, pack })).toEqual(await pixels({ root }))
  })

  test('for which there is no room leaves nothing, and the data set is read without', async () => {
    const root = await folderOf({ ...animals, 'dog/huge.png': await picture(1, 400, 300) })
    const pack = await temporaryFolder()
    const module = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href
    const code = `
      import { openDataset } from ${JSON.stringify(module)}
      process.on('SIGXFSZ', () => {}) // the limit is to be an error
      const options = { root: ${JSON.stringify(root)}, pack: ${JSON.stringify(pack)} }
      const dataset = await openDataset({ ...options, onPackProblem: console.log })
      console.log((await dataset.read({ id: 'dog/huge.png' })).data.length)
      await dataset.close()`
    const words = ['--input-type=module', '--eval', code]
    const limited = spawnSync('bash', ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, ...words], {
      encoding: 'utf8',
    })
    expect(limited.stdout).toMatch(/^\S+: decoded pictures cannot be kept there \(EFBIG[^\n]+\n360000\n$/)
    expect(limited.status).toBe(0)
    expect(await readdir(pack)).toEqual([])
  })
})

describe('auto', () => {
  test('packs in the cache folder what the memory cache does not hold', async () => {
    const root = await folderOf(animals)
    const cache = await temporaryFolder()
    process.env.M2L_CACHE = cache
    expect(await packed({ root, pack: 'auto' })).toBe(0)
    expect(await packed({ root, pack: 'off', cacheBytes: 100 })).toBe(0)
    expect(await packed({ root, pack: 'auto', cacheBytes: 100 })).toBe(7)
    expect(await readdir(join(cache, 'packs'))).toHaveLength(1)
    expect(await pixels({ root, pack: 'auto', cacheBytes: 100 })).toEqual(await pixels({ root }))
  })
})
