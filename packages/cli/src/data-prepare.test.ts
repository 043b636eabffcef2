import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { preparableNames } from '@m2l/datasets'
import { ZipFile } from 'yazl'
import { m2l, m2lHere, pattern, start, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  await writeFile(join(folder, 'pets.yaml'), 'train: [cat]\nval: [dog]\ntest: [owl]\n')
  await writeFile(join(folder, 'pets.zip'), await archive(30))
})

/** A zip of three classes of pictures. */
async function archive(images: number): Promise<Buffer> {
  const zip = new ZipFile()
  const bytes = await Promise.all([0, 1, 2].map((kind) => pattern(kind, 0)))
  for (let index = 0; index < images; index++) {
    const name = `${['cat', 'dog', 'owl'][index % 3]}/${index}.png`
    zip.addBuffer(bytes[index % 3]!, name, { compress: false })
  }
  zip.end()
  return buffer(zip.outputStream)
}

const prepare = ['data', 'prepare', 'pets', '--from', 'pets.zip', '--split', 'pets.yaml']

test('prints one object, and what data show then says of the folder', async () => {
  const { exitCode, stdout, stderr } = await m2lHere(folder, ...prepare, '--to', 'out', '--json')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const report = JSON.parse(stdout) as { card: { splits: Record<string, { hash: string }> } }
  expect(report).toMatchObject({ folder: 'out', pictures: 30, card: { name: 'pets', split: 'pets.yaml' } })
  expect(JSON.parse(await readFile(join(folder, 'out/dataset.json'), 'utf8'))).toEqual(report.card)
  const shown = await m2lHere(folder, 'data', 'show', 'out', '--json')
  const { splits } = JSON.parse(shown.stdout) as { splits: { split: string; hash: string }[] }
  expect(splits.map(({ split, hash }) => [split, hash])).toEqual(
    Object.entries(report.card.splits).map(([split, { hash }]) => [split, hash]),
  )
})

test('prints a table, and what was accepted', async () => {
  await writeFile(join(folder, 'more.yaml'), 'train: [cat, horse]\ntest: [owl]\n')
  const words = [
    'data',
    'prepare',
    'pets',
    '--from',
    'pets.zip',
    '--split',
    'more.yaml',
    '--to',
    'deep/table',
  ]
  const refused = await m2lHere(folder, ...words)
  expect(refused).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'm2l: pets.zip: is not the whole of pets: train has 1 class instead of 2 (no "horse"); ' +
      'fetch it again, or accept what is there with --incomplete\n',
  })
  const { exitCode, stdout } = await m2lHere(folder, ...words, '--incomplete', '--quiet')
  expect(exitCode).toBe(0)
  expect(stdout).toContain('accepted: train has 1 class instead of 2 (no "horse")\n')
  expect(stdout).toMatch(/deep\/table: 20 pictures, 0.0 MB, in \d+\.\d s\n$/)
})

test.each([
  [
    ['data', 'prepare'],
    "m2l: required option '--from <path>' not specified; see npx m2l data prepare --help",
  ],
  [
    ['data', 'prepare', 'cub', '--from', 'a'],
    "m2l: required option '--to <folder>' not specified; see npx m2l data prepare --help",
  ],
  [
    [...prepare, '--to', '.', '--force'],
    'm2l: .: holds the source or the working folder; name a new or empty folder',
  ],
])('%j is refused', async (words, line) => {
  expect(await m2lHere(folder, ...words)).toEqual({ exitCode: 2, stdout: '', stderr: `${line}\n` })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s leaves nothing behind', async (signal, exitCode) => {
  const large = join(folder, signal)
  await mkdir(large)
  await writeFile(join(large, 'pets.zip'), await archive(20_000))
  const source = ['--from', join(signal, 'pets.zip'), '--to', join(signal, 'out')]
  const run = start(folder, ['data', 'prepare', 'pets', '--split', 'pets.yaml', ...source])
  const ended = run.finished.then(() => true)
  while ((await readdir(large)).length === 1) if (await Promise.race([ended, setTimeout(5, false)])) break
  run.kill(signal)
  const finished = await run.finished
  expect(finished).toMatchObject({ exitCode, stdout: '' })
  expect(finished.stderr).toMatch(
    /^stopping after the step under way; .*\nm2l: interrupted; .*out is as it was; start again with: npx m2l data prepare .*\n$/,
  )
  expect(await readdir(large)).toEqual(['pets.zip'])
})

test('help names every data set that can be prepared', async () => {
  const { stdout } = await m2l(folder, 'data', 'prepare', '--help')
  for (const name of preparableNames) expect(stdout).toContain(name)
})
