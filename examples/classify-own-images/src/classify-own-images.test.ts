import { execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openEmoji } from '@m2l/dataset-emoji'
import sharp from 'sharp'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('../dist/classify-own-images.js', import.meta.url))
const source = fileURLToPath(new URL('classify-own-images.ts', import.meta.url))
const run = (...words: string[]) => promisify(execFile)(process.execPath, [program, ...words])

/** Six drawings of each of three emoji as examples, two of each to classify. */
async function writeEmoji(folder: string): Promise<string[]> {
  const emoji = await openEmoji()
  const wanted = emoji.splits.test!.classes.filter((_, index) => index % 60 === 0)
  for (const { name, images } of wanted) {
    for (const [index, { data, width, height }] of (await emoji.readMany(images)).entries()) {
      const place = index < 6 ? join(folder, 'examples', name) : join(folder, 'pictures')
      mkdirSync(place, { recursive: true })
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(place, `${name} ${index}.png`))
    }
  }
  await emoji.close()
  return wanted.map(({ name }) => name)
}

it('classifies drawings by others of the same emoji', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-own-images-'))
  const names = await writeEmoji(folder)
  const { stdout } = await run(join(folder, 'examples'), join(folder, 'pictures'), 'emoji-conv64f')
  const [recognised, ...lines] = stdout.trimEnd().split('\n')
  expect(recognised).toMatch(/^\d+ of 18 examples are recognised by the others$/)
  expect(lines).toHaveLength(6)
  for (const line of lines) expect(line).toMatch(/\.png\t[^\t]+\t0\.\d{3}\tpart: .*, pixel: .*, global: .*$/)
  const right = lines.filter((line) =>
    names.some((name) => line.includes(`/${name} `) && line.includes(`pixel: ${name}`)),
  )
  expect(right.length).toBeGreaterThanOrEqual(4)
})

it('compiles for one who copies it, with what tsc --init writes, at ES2022 and later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-copied-'))
  const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
  symlinkSync(modules, join(folder, 'node_modules'))
  copyFileSync(source, join(folder, 'copied.ts'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const tsc = (...words: string[]) =>
    promisify(execFile)(process.execPath, [join(modules, 'typescript/bin/tsc'), ...words], { cwd: folder })
  await tsc('--init')
  for (const target of ['es2022', 'esnext']) {
    const { stdout } = await tsc('--noEmit', '--target', target).catch((error: { stdout: string }) => error)
    expect(stdout, target).toBe('')
  }
})

it.skipIf(process.platform === 'win32')('ends quietly when nobody reads on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-own-images-'))
  await writeEmoji(folder)
  writeFileSync(join(folder, 'pictures', 'damaged.png'), 'no picture')
  const child = spawn(process.execPath, [
    program,
    join(folder, 'examples'),
    join(folder, 'pictures'),
    'emoji-conv64f',
  ])
  child.stdout.destroy()
  child.stderr.setEncoding('utf8')
  let complaints = ''
  child.stderr.on('data', (part: string) => (complaints += part))
  const exitCode = await new Promise((done) => child.on('close', done))
  expect({ exitCode, complaints }).toEqual({ exitCode: 141, complaints: '' })
})

it('names pictures that cannot be read, and goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-own-images-'))
  const [first] = await writeEmoji(folder)
  writeFileSync(join(folder, 'examples', first!, 'damaged.png'), 'no picture')
  writeFileSync(join(folder, 'pictures', 'damaged.png'), '')
  await expect(
    run(join(folder, 'examples'), join(folder, 'pictures'), 'emoji-conv64f'),
  ).rejects.toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^(?:.*\n){7}$/) as string,
    stderr: expect.stringMatching(
      /damaged\.png: is not a picture.*\n.*damaged\.png: is empty.*\n$/,
    ) as string,
  })
})

it('tells its usage', async () => {
  await expect(run()).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('usage: ') as string })
})

it('says in one line what is wrong with a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-own-images-'))
  const complaint = (...words: string[]) =>
    run(...words).then(
      () => 'nothing',
      ({ code, stderr }: { code: number; stderr: string }) => `${code}: ${stderr}`,
    )
  expect(await complaint(join(folder, 'none'), folder)).toMatch(/^2: .*no such file or directory.*none'\n$/)
  expect(await complaint(folder, folder)).toMatch(/^2: there is no class; .*\n$/)
})
