import {
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { contentsOf, m2lHere, pattern, start, temporaryFolder } from './m2l-process.test.helper.js'

const names = ['fox', 'hen', 'a:b']
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of names.entries()) await write(`examples/${name}`, kind, [0, 1, 2])
  const classes = ['--support', 'examples', '--weights', 'emoji-conv64f', '--save', 'classes.safetensors']
  await here('classify', ...classes, '--query', 'examples/fox/0.png')
})

beforeEach(async () => {
  for (const name of ['photos', 'sorted']) await rm(join(folder, name), { recursive: true, force: true })
  for (const kind of names.keys()) await write('photos', kind, [4, 5], `${kind}-`)
})

async function write(place: string, kind: number, numbers: readonly number[], prefix = '') {
  await mkdir(join(folder, place), { recursive: true })
  for (const number of numbers) {
    await writeFile(join(folder, place, `${prefix}${number}.png`), await pattern(kind, number))
  }
}

const here = (...words: string[]) => m2lHere(folder, ...words)
const sorting = (...words: string[]) => [
  'classify',
  '--load',
  'classes.safetensors',
  '--query',
  'photos',
  ...words,
]

interface Sorting {
  readonly sorting: {
    readonly isDone: boolean
    readonly undo: string | null
    readonly notes: string[]
    readonly pictures: { file: string; label: string; to: string; isRenamed: boolean }[]
    readonly stay: { file: string; why: string }[]
  }
}

async function sorted(...words: string[]): Promise<Sorting['sorting']> {
  const { exitCode, stdout, stderr } = await here(...sorting(...words, '--json', '--quiet'))
  expect(exitCode, stderr).toBe(0)
  return (JSON.parse(stdout) as Sorting).sorting
}

/** What the files of a folder hold, whatever they are called. */
const hashesOf = async (place: string) => Object.values(await contentsOf(join(folder, place))).toSorted()

async function undoneInto(before: Record<string, string>, undo: string) {
  const { exitCode, stdout, stderr } = await here('classes', 'undo', undo, '--json')
  expect(exitCode, stderr).toBe(0)
  expect(await contentsOf(folder)).toEqual(before)
  return JSON.parse(stdout) as { undone: number }
}

describe('m2l classify --move-to', () => {
  test('tells what would be moved, moves it with --yes, and undo puts all back', async () => {
    const before = await contentsOf(folder)
    const dry = await here(...sorting('--move-to', 'sorted', '--quiet'))
    expect(dry.stdout).toMatch(/photos\/0-4\.png .*sorted\/fox\/0-4\.png/)
    expect(dry.stdout).toMatch(
      /6 pictures would be moved, into .*sorted; nothing is changed yet: add --yes to do it\n$/,
    )
    expect(dry.stdout).toContain('class a:b has the folder a_b')
    expect(await contentsOf(folder)).toEqual(before)
    const done = await here(...sorting('--move-to', 'sorted', '--yes', '--quiet'))
    expect(done.exitCode, done.stderr).toBe(0)
    expect(done.stdout).toMatch(
      /6 pictures are moved, into .*; put back with: npx m2l classes undo .*undo\.jsonl\n$/,
    )
    expect(await readdir(join(folder, 'photos'))).toEqual([])
    const after = await contentsOf(join(folder, 'sorted'))
    expect(Object.keys(after).toSorted()).toEqual([
      'a_b/2-4.png',
      'a_b/2-5.png',
      'fox/0-4.png',
      'fox/0-5.png',
      'hen/1-4.png',
      'hen/1-5.png',
      'undo.jsonl',
    ])
    expect(after['fox/0-4.png']).toBe(before['photos/0-4.png'])
    expect(await undoneInto(before, 'sorted/undo.jsonl')).toEqual({ undone: 6, left: [] })
    expect(await readdir(folder)).not.toContain('sorted')
  })

  test('never overwrites: a name that is taken gets a number, in every letter case', async () => {
    await mkdir(join(folder, 'sorted/fox'), { recursive: true })
    await writeFile(join(folder, 'sorted/fox/0-4.PNG'), 'another')
    await mkdir(join(folder, 'photos/deep'))
    await copyFile(join(folder, 'photos/0-5.png'), join(folder, 'photos/deep/0-5.png'))
    const before = await contentsOf(folder)
    const { pictures, notes, undo } = await sorted('--move-to', 'sorted', '--yes')
    const ofFox = pictures.filter(({ label }) => label === 'fox')
    expect(ofFox.map(({ to, isRenamed }) => [to.split('/').at(-1), isRenamed])).toEqual([
      ['0-4 (2).png', true],
      ['0-5.png', false],
      ['0-5 (2).png', true],
    ])
    expect(notes).toContainEqual(
      '2 pictures get another name, since one in the folder has theirs (0-4.png becomes 0-4 (2).png)',
    )
    expect(await readFile(join(folder, 'sorted/fox/0-4.PNG'), 'utf8')).toBe('another')
    await undoneInto(before, undo!)
  })

  test('puts unknown pictures into unknown, and leaves what lies there or among the examples', async () => {
    for (const kind of [3, 4, 5, 6, 7, 8, 9]) await write('photos', kind, [0], `stranger ${kind} `)
    const { pictures } = await sorted('--move-to', 'sorted', '--yes', '--unknown', 'auto')
    const unknown = pictures.filter(({ label }) => label === 'unknown')
    expect(unknown.length).toBeGreaterThan(0)
    for (const { file, to } of unknown)
      expect(to).toBe(join(folder, 'sorted/unknown', file.slice('photos/'.length)))
    const words = [
      '--support',
      'examples',
      '--weights',
      'emoji-conv64f',
      '--query',
      'sorted',
      'examples',
      '--json',
    ]
    const { stdout } = await here('classify', ...words, '--move-to', 'sorted', '--yes', '--quiet')
    const again = (JSON.parse(stdout) as Sorting).sorting
    expect(again).toMatchObject({ pictures: [], undo: null })
    expect(again.stay).toHaveLength(13 + 9)
    expect(again.notes).toEqual([
      '13 pictures stay where they are: they lie in sorted already',
      '9 pictures stay where they are: they lie among the examples',
    ])
  })

  test('moves links as links, which lead where they led', async () => {
    await mkdir(join(folder, 'elsewhere'), { recursive: true })
    await copyFile(join(folder, 'photos/1-4.png'), join(folder, 'elsewhere/hen.png'))
    await rm(join(folder, 'photos/1-4.png'))
    await symlink('../elsewhere/hen.png', join(folder, 'photos/1-4.png'))
    const { undo } = await sorted('--move-to', 'sorted', '--yes')
    const moved = join(folder, 'sorted/hen/1-4.png')
    expect((await lstat(moved)).isSymbolicLink()).toBe(true)
    expect(await readFile(moved)).toEqual(await readFile(join(folder, 'elsewhere/hen.png')))
    await here('classes', 'undo', undo!)
    expect(await readlink(join(folder, 'photos/1-4.png'))).toBe('../elsewhere/hen.png')
  })

  test('moves between file systems, whole and with their times', async ({ skip }) => {
    const other = await stat('/dev/shm').catch(() => undefined)
    if (!other || other.dev === (await stat(folder)).dev) skip()
    const far = await mkdtemp('/dev/shm/m2l-sorted-')
    try {
      await utimes(join(folder, 'photos/0-4.png'), 1e9, 1e9)
      const before = await contentsOf(folder)
      const { undo } = await sorted('--move-to', join(far, 'sorted'), '--yes')
      expect((await contentsOf(far))['sorted/fox/0-4.png']).toBe(before['photos/0-4.png'])
      expect((await stat(join(far, 'sorted/fox/0-4.png'))).mtimeMs).toBe(1e12)
      expect(await readdir(join(folder, 'photos'))).toEqual([])
      await undoneInto(before, undo!)
      expect(await readdir(far)).toEqual([])
    } finally {
      await rm(far, { recursive: true })
    }
  })

  test('loses nothing when it is killed half way, and undo puts all back', async () => {
    const many = await Promise.all(names.map((_, kind) => pattern(kind, 4)))
    for (let index = 0; index < 600; index++) {
      await writeFile(
        join(folder, 'photos', `${index}.png`),
        Buffer.concat([many[index % 3]!, Buffer.from(`${index}`)]),
      )
    }
    const [before, all] = [await contentsOf(folder), await hashesOf('photos')]
    const child = start(folder, sorting('--move-to', 'sorted', '--yes', '--quiet'))
    const moved = () => readdir(join(folder, 'sorted'), { recursive: true }).catch(() => [])
    while ((await moved()).length < 20) await sleep(2)
    child.kill('SIGKILL')
    await child.finished
    const [left, there] = [await hashesOf('photos'), await contentsOf(join(folder, 'sorted'))]
    expect(left.length).toBeGreaterThan(0)
    const { 'undo.jsonl': _, ...sortedFiles } = there
    expect([...new Set([...left, ...Object.values(sortedFiles)])].toSorted()).toEqual(
      [...new Set(all)].toSorted(),
    )
    await undoneInto(before, 'sorted/undo.jsonl')
  })

  test('undo leaves what people changed, says so, and can be repeated', async () => {
    const { undo } = await sorted('--move-to', 'sorted', '--yes')
    await writeFile(join(folder, 'photos/0-4.png'), 'new')
    await rm(join(folder, 'sorted/hen/1-4.png'))
    await writeFile(join(folder, 'sorted/fox/notes.txt'), 'mine')
    const first = await here('classes', 'undo', undo!)
    expect(first.exitCode).toBe(2)
    expect(first.stdout).toBe('4 pictures put back\n')
    expect(first.stderr).toMatch(
      /^m2l: 2 pictures could not be put back, and .*undo\.jsonl stays: .*hen\/1-4\.png: it is gone, and so is the picture; .*fox\/0-4\.png: something else is at .*photos\/0-4\.png\n$/,
    )
    await rm(join(folder, 'photos/0-4.png'))
    const second = await here('classes', 'undo', undo!)
    expect(second.stdout).toBe('1 picture put back\n')
    expect(await readdir(join(folder, 'sorted/fox'))).toEqual(['notes.txt'])
  })

  test('says what it did when it is interrupted', async () => {
    const picture = await pattern(0, 4)
    for (let index = 0; index < 600; index++) await writeFile(join(folder, 'photos', `${index}.png`), picture)
    const before = await contentsOf(folder)
    const child = start(folder, sorting('--move-to', 'sorted', '--yes', '--quiet'))
    const moved = () => readdir(join(folder, 'sorted'), { recursive: true }).catch(() => [])
    while ((await moved()).length < 20) await sleep(2)
    child.kill('SIGINT')
    const { exitCode, stderr } = await child.finished
    expect(exitCode).toBe(130)
    expect(stderr).toMatch(
      /interrupted; put back what was sorted with npx m2l classes undo .*undo\.jsonl; start again with/,
    )
    await undoneInto(before, 'sorted/undo.jsonl')
  })
})

describe('m2l classify --link-to', () => {
  test('links to pictures that stay, and undo removes the links alone', async () => {
    const before = await contentsOf(folder)
    const { pictures, undo } = await sorted('--link-to', 'sorted', '--yes')
    expect(pictures).toHaveLength(6)
    const link = join(folder, 'sorted/fox/0-4.png')
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect(await readFile(link)).toEqual(await readFile(join(folder, 'photos/0-4.png')))
    expect(await undoneInto(before, undo!)).toMatchObject({ undone: 6 })
    expect(await readdir(folder)).not.toContain('sorted')
  })
})

describe('what cannot be sorted', () => {
  test.each([
    [
      ['--query', 'some.zip', '--move-to', 'sorted'],
      /some\.zip: is an archive, whose pictures cannot be moved by themselves; unpack it/,
    ],
    [
      ['--query', 'photos', '--move-to', 'classes.safetensors'],
      /classes\.safetensors: is a file; expected a folder/,
    ],
    [['--query', 'photos', '--yes'], /--yes confirms --move-to FOLDER or --link-to FOLDER/],
    [['--query', 'photos', '--move-to', 'a', '--link-to', 'b'], /cannot be used with option/],
  ])('%j is refused in one line', async (words, message) => {
    const { ZipFile } = await import('yazl')
    const { buffer } = await import('node:stream/consumers')
    const zip = new ZipFile()
    zip.addBuffer(await pattern(0, 1), 'fox/1.png')
    zip.end()
    await writeFile(join(folder, 'some.zip'), await buffer(zip.outputStream))
    const before = await contentsOf(folder)
    const { exitCode, stdout, stderr } = await here(
      'classify',
      '--load',
      'classes.safetensors',
      ...words,
      '--quiet',
    )
    expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }, stderr).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    })
    expect(stderr).toMatch(message)
    expect(await contentsOf(folder)).toEqual(before)
  })

  test('an undo file that is something else is refused', async () => {
    for (const text of ['', '{}\n', '{"format":"m2l-sort-1","how":"move","into":"/a"}\n{"from":1}\n']) {
      await writeFile(join(folder, 'bad.jsonl'), text)
      const { exitCode, stderr } = await here('classes', 'undo', 'bad.jsonl')
      expect(exitCode).toBe(2)
      expect(stderr).toMatch(/^m2l: bad\.jsonl: is no undo file of m2l classify, or damaged; .*\n$/)
    }
    expect((await here('classes', 'undo', 'none.jsonl')).stderr).toMatch(
      /none\.jsonl: cannot be read \(ENOENT\)/,
    )
  })
})
