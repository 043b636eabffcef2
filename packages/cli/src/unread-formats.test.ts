import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

const hint = 'save .heic pictures as JPEG or PNG to have them read'
const weights = ['--weights', 'emoji-conv64f']
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'hen'].entries()) {
    await mkdir(join(folder, 'examples', name), { recursive: true })
    await writeFile(join(folder, 'examples', name, '1.png'), await pattern(kind, 1))
  }
  await mkdir(join(folder, 'phone'))
  for (const name of ['IMG_1.HEIC', 'phone/IMG_2.heic', 'examples/fox/IMG_3.heic'])
    await writeFile(join(folder, name), 'x')
})

test.each([
  [['classify', '--support', 'examples', '--query', 'IMG_1.HEIC', ...weights]],
  [['classify', '--support', 'IMG_1.HEIC', '--query', 'examples', ...weights]],
  [['classify', '--support', 'examples', '--query', 'phone', ...weights]],
  [['classify', '--support', 'phone', '--query', 'examples', ...weights]],
  [['explain', '--support', 'examples', '--query', 'IMG_1.HEIC', '--out', 'why', ...weights]],
  [['embed', 'IMG_1.HEIC', '-o', 'features.safetensors', ...weights]],
  [['embed', 'phone', '-o', 'features.safetensors', ...weights]],
  [['data', 'show', 'IMG_1.HEIC']],
  [['data', 'check', 'phone']],
])('a telephone picture that is not read is told with what to do: %j', async (words) => {
  const { exitCode, stdout, stderr } = await m2lHere(folder, ...words)
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr.split(hint)).toHaveLength(2)
})

test.each([
  [['classify', '--support', 'examples', '--query', 'examples', ...weights]],
  [['embed', 'examples', '-o', 'features.safetensors', ...weights]],
  [['data', 'show', 'examples']],
])('the same is told where others are read: %j', async (words) => {
  const { exitCode, stderr } = await m2lHere(folder, ...words)
  expect(exitCode, stderr).toBe(0)
  expect(stderr).toContain(hint)
})
