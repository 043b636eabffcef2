import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { m2lHere, pattern, start, temporaryFolder, type Running } from './m2l-process.test.helper.js'

const names = ['fox', 'hen']
let folder: string
let inbox: string

beforeAll(async () => {
  folder = await temporaryFolder()
  inbox = join(folder, 'inbox')
  for (const [kind, name] of names.entries()) {
    await mkdir(join(folder, 'examples', name), { recursive: true })
    for (const number of [0, 1, 2]) {
      await writeFile(join(folder, 'examples', name, `${number}.png`), await pattern(kind, number))
    }
  }
  const saving = ['--weights', 'emoji-conv64f', '--save', 'classes.safetensors']
  await m2lHere(folder, 'classify', '--support', 'examples', '--query', 'examples', ...saving)
})

beforeEach(async () => {
  await rm(inbox, { recursive: true, force: true })
  await mkdir(inbox)
  await writeFile(join(inbox, 'before.png'), await pattern(0, 5))
})

async function watching(...words: string[]): Promise<Running> {
  const child = start(folder, ['classify', '--load', 'classes.safetensors', '--watch', 'inbox', ...words])
  await child.saying('watching inbox')
  return child
}

/** Ends a watch as soon as it has printed so many lines, and gives it time to print more. */
async function linesOf(child: Running, count: number, exits = 130) {
  await child.printing((text) => text.split('\n').length > count)
  await sleep(700)
  child.kill('SIGINT')
  const { exitCode, stdout, stderr } = await child.finished
  expect(exitCode, stderr).toBe(exits)
  return { lines: stdout.split('\n').slice(0, -1), stderr }
}

describe('m2l classify --watch', () => {
  test('answers for pictures written, renamed into place, rewritten and in new folders', async () => {
    const child = await watching('--json', '--unknown', 'auto')
    await writeFile(join(inbox, 'a.png'), await pattern(0, 6))
    await writeFile(join(inbox, 'b.part'), await pattern(1, 6))
    await mkdir(join(inbox, 'deep/er'), { recursive: true })
    await writeFile(join(inbox, 'deep/er/c.png'), await pattern(1, 5))
    await rename(join(inbox, 'b.part'), join(inbox, 'b.png'))
    await child.printing((text) => text.split('\n').length > 3)
    await writeFile(join(inbox, 'a.png'), await pattern(1, 7))
    const { lines } = await linesOf(child, 4)
    const found = lines.map(
      (line) => JSON.parse(line) as { file: string; label: string; familiarity: number },
    )
    expect(
      found
        .slice(0, 3)
        .map(({ file }) => file)
        .toSorted(),
    ).toEqual(['inbox/a.png', 'inbox/b.png', 'inbox/deep/er/c.png'])
    expect(found[3]).toMatchObject({ file: 'inbox/a.png' })
    expect(found).toHaveLength(4)
    for (const one of found) {
      expect(Object.keys(one)).toEqual(
        expect.arrayContaining(['probabilities', 'levels', 'nearest', 'familiarity']),
      )
    }
  })

  test('answers once for each picture where the system tells nothing', async () => {
    vi.stubEnv('CHOKIDAR_USEPOLLING', '1')
    vi.stubEnv('CHOKIDAR_INTERVAL', '3600000')
    onTestFinished(() => void vi.unstubAllEnvs())
    const child = await watching('--json')
    await mkdir(join(inbox, 'deep'))
    await writeFile(join(inbox, 'b.part'), await pattern(1, 6))
    await rename(join(inbox, 'b.part'), join(inbox, 'deep/b.png'))
    await writeFile(join(inbox, '.hidden.png'), await pattern(1, 6))
    await child.printing((text) => text.includes('\n'))
    await writeFile(join(inbox, 'deep/b.png'), await pattern(0, 7))
    await child.printing((text) => text.split('\n').length > 2)
    await sleep(2500)
    const { lines } = await linesOf(child, 2)
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { file: 'inbox/deep/b.png', label: 'hen' },
      { file: 'inbox/deep/b.png', label: 'fox' },
    ])
  })

  test('waits for pictures that are being written, and passes over what is gone or hidden', async () => {
    const child = await watching('--verbose')
    const bytes = await pattern(1, 6)
    for (let part = 0; part < 4; part++) {
      await appendFile(
        join(inbox, 'slow.png'),
        bytes.subarray((part * bytes.length) / 4, ((part + 1) * bytes.length) / 4),
      )
      await sleep(250)
    }
    await writeFile(join(inbox, '.hidden.png'), bytes)
    await writeFile(join(inbox, 'gone.png'), bytes)
    await rm(join(inbox, 'gone.png'))
    await writeFile(join(inbox, 'notes.txt'), 'x')
    await writeFile(join(inbox, 'IMG_1.HEIC'), 'x')
    const { lines, stderr } = await linesOf(child, 1)
    expect(lines).toEqual([expect.stringMatching(/^inbox\/slow\.png\then\t\d+\.\d\d %$/)])
    expect(stderr).toContain('inbox/notes.txt: no picture by its ending')
    expect(stderr).toContain('inbox/IMG_1.HEIC: is not read; save .heic pictures as JPEG or PNG to have')
    expect(stderr).toMatch(/interrupted; 1 picture was answered; start again with: npx m2l classify --load/)
  })

  test('tells a picture that stays cut off, and answers when it is whole', async () => {
    const child = await watching('--json')
    const bytes = await pattern(0, 6)
    await writeFile(join(inbox, 'half.png'), bytes.subarray(0, bytes.length / 2))
    await child.printing((text) => text.includes('\n'))
    await writeFile(join(inbox, 'half.png'), bytes)
    const { lines } = await linesOf(child, 2)
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { file: 'inbox/half.png', reason: expect.stringContaining('half.png: ') as string },
      { file: 'inbox/half.png', label: 'fox' },
    ])
  })

  test('counts pictures that stay unreadable, as the plain command does', async () => {
    const child = await watching()
    await writeFile(join(inbox, 'bad.png'), 'no picture')
    await writeFile(join(inbox, 'good.png'), await pattern(0, 6))
    await child.saying('bad.png: is not a picture')
    const { lines, stderr } = await linesOf(child, 1, 2)
    expect(lines).toEqual([expect.stringMatching(/^inbox\/good\.png\tfox/)])
    expect(stderr).toMatch(
      /\nm2l: interrupted; 1 picture was answered; 1 picture could not be read and was left out: inbox\/bad\.png: is not a picture .*; start again with: .*\n$/,
    )
  })

  test('ends when the folder goes away', async () => {
    const child = await watching('--json')
    await rm(inbox, { recursive: true })
    const { exitCode, stderr } = await child.finished
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /m2l: inbox: is not there any more, so that nothing can arrive in it; start again when it is\n$/,
    )
  })

  test.each([
    [['--watch', 'nowhere'], /^m2l: nowhere: does not exist; expected a folder to watch\n$/],
    [['--watch', 'classes.safetensors'], /classes\.safetensors: is a file; expected a folder to watch/],
    [['--watch', 'inbox', '--query', 'inbox'], /cannot be used with option/],
    [['--watch', 'inbox', '--move-to', 'sorted'], /cannot be used with option/],
    [[], /required option '--query <path\.\.\.>' not specified, nor '--watch <folder>'/],
  ])('%j is refused in one line', async (words, message) => {
    const { exitCode, stdout, stderr } = await m2lHere(
      folder,
      'classify',
      '--load',
      'classes.safetensors',
      ...words,
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
