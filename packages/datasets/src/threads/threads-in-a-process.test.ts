import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { classFiles, folderOf, tarOf, temporaryFile } from '../make-files.test.helper.js'

const module = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href

/** Runs compiled code in a process that is not told to end. */
function run(code: string, threads: string) {
  const script = `import { openDataset } from ${JSON.stringify(module)}\n${code}`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { ...process.env, M2L_PICTURE_THREADS: threads },
  })
}

const readAll = (root: string) => `
  const dataset = await openDataset({ root: ${JSON.stringify(root)} })
  const images = dataset.splits.all.classes.flatMap((ofClass) => ofClass.images)
  const reads = dataset.readMany(images)
  const read = await reads.catch((error) => console.log(error.name + ' ' + error.message))
  if (read) console.log(read.map(({ data }) => Buffer.from(data).toString('hex')).join())`

test('threads read the same from folders and archives, and keep no process alive, closed or not', async () => {
  const files = await classFiles(['cat', 'dog'], 20)
  const folder = await folderOf(files)
  const tar = await temporaryFile('animals.tar', await tarOf(files))
  const alone = run(readAll(folder), '0')
  expect(alone.stdout).toMatch(/^[\da-f,]{4000,}\n$/)
  for (const root of [folder, tar]) {
    expect(run(readAll(root), '2')).toMatchObject({ status: 0, stderr: '', stdout: alone.stdout })
    const closing = run(`${readAll(root)}\n  await dataset.close()`, '2')
    expect(closing).toMatchObject({ status: 0, stderr: '', stdout: alone.stdout })
  }
})

test('a picture that threads cannot decode is named in one line', async () => {
  const files = { ...(await classFiles(['cat', 'dog'])), 'dog/bad.png': 'no picture' }
  for (const threads of ['0', '2']) {
    const { stdout, stderr, status } = run(readAll(await folderOf(files)), threads)
    expect(stdout).toMatch(/^InputError \S+bad\.png: is not a picture in a known format [^\n]+\n$/)
    expect([stderr, status]).toEqual(['', 0])
  }
})

test('a number of threads that is none is refused', async () => {
  const { stdout } = run(readAll(await folderOf(await classFiles(['cat', 'dog']))), 'many')
  expect(stdout).toBe(
    'InputError M2L_PICTURE_THREADS is many; expected a whole number of threads, 0 for none\n',
  )
})
