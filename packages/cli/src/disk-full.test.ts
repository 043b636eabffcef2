import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { globalLevelOnly, learnableFolder, m2l, start } from './m2l-process.test.helper.js'

/** A folder in which there is little room for a while. */
interface TightFolder {
  readonly path: string
  /** What is left: so many KiB for all files together, or for each of them. */
  tighten(kib: number): void
  loosen(): void
  /** A command within which commands feel it. */
  within(): readonly string[]
  remove(): void
}

/** A file system of its own where this process may mount one, else a limit on the size of files. */
async function tightFolder(path: string): Promise<TightFolder> {
  await mkdir(path)
  const mounted = (options: string) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
  }
  try {
    mounted('size=64m')
  } catch {
    let limit: number | undefined
    return {
      path,
      tighten: (kib) => (limit = kib),
      loosen: () => (limit = undefined),
      within: () => (limit === undefined ? [] : ['bash', '-c', `ulimit -f ${limit}; exec "$0" "$@"`]),
      remove: () => {},
    }
  }
  const used = () =>
    Number(execFileSync('df', ['-k', '--output=used', path], { encoding: 'utf8' }).split('\n')[1])
  return {
    path,
    tighten: (kib) => mounted(`remount,size=${used() + kib}k`),
    loosen: () => mounted('remount,size=64m'),
    within: () => [],
    remove: () => execFileSync('umount', [path]),
  }
}

let folder: string
let tight: TightFolder
beforeAll(async () => {
  folder = await learnableFolder()
  tight = await tightFolder(join(folder, 'tight'))
})
afterAll(() => tight.remove())

test('a full disk stops a training with one line and its checkpoint whole, and it goes on to the very end', async () => {
  const train = ['train', '--cfg', 'm2l.yaml', ...globalLevelOnly]
  const words = [...train, 'run.folder=tight/run', '--resume']
  expect((await m2l(folder, ...words, 'train.epochs=1')).exitCode).toBe(0)
  const run = join(folder, 'tight/run')
  const last = await readFile(join(run, 'last.safetensors'))

  tight.tighten(500)
  const stopped = await start(folder, [...words, '--quiet'], tight.within()).finished
  expect(stopped.stderr).toMatch(
    /^m2l: tight\/run: (the disk is full|a file would be larger [^\n,]+), so the run stops; the last checkpoint is whole: make room and go on with --resume\n$/,
  )
  expect(stopped).toMatchObject({ exitCode: 2, stdout: '' })
  expect((await readFile(join(run, 'last.safetensors'))).equals(last)).toBe(true)
  expect((await readdir(run)).filter((name) => /tmp|next|lock/.test(name))).toEqual([])

  tight.loosen()
  expect((await m2l(folder, ...words)).exitCode).toBe(0)
  expect((await m2l(folder, ...train, 'run.folder=whole')).exitCode).toBe(0)
  for (const file of ['last.safetensors', 'best.safetensors', 'record.txt']) {
    const [expected, actual] = await Promise.all([
      readFile(join(folder, 'whole', file)),
      readFile(join(run, file)),
    ])
    expect(actual.equals(expected), file).toBe(true)
  }
})
