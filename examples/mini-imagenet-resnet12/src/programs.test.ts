import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { expect, it } from 'vitest'

const program = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url))

/** As little as shows that the three programs fit together; ResNet-12 itself, on small pictures. */
const short = [
  'data.split=null', // folders train, val and test
  'data.image_size=32',
  'pre.epochs=1',
  'pre.batch_size=16',
  'pre.val_episode=2',
  'train.epochs=1',
  'train.episode_per_epoch=2',
  'train.query_per_class_per_episode=2',
  'val.episode=2',
  'test.episode=4',
  'test.query_per_class_per_episode=2',
]

/** Folders train, val and test of five classes, each of a colour. */
async function writeImages(folder: string): Promise<void> {
  for (const [offset, split] of ['train', 'val', 'test'].entries()) {
    for (let index = 0; index < 5; index++) {
      const classFolder = join(folder, split, `n0${offset}${index}`)
      mkdirSync(classFolder, { recursive: true })
      for (let image = 0; image < 4; image++) {
        const background = { r: 40 * index + 5 * image, g: 80 * offset, b: 200 - 30 * index }
        await sharp({ create: { width: 40, height: 36, channels: 3, background } })
          .jpeg()
          .toFile(join(classFolder, `${image}.jpg`))
      }
    }
  }
}

it('pretrains, trains and evaluates on a folder of images', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-mini-imagenet-'))
  await writeImages(join(folder, 'images'))
  const run = (name: string) =>
    promisify(execFile)(process.execPath, [program(name), join(folder, 'images'), ...short], { cwd: folder })
  expect((await run('pretrain')).stdout).toMatch(/epoch 1: [\d.]+ ± [\d.]+ %[^]*completed: true/)
  expect((await run('train')).stdout).toMatch(/epoch 1: [\d.]+ ± [\d.]+ %[^]*completed: true/)
  expect((await run('evaluate')).stdout).toMatch(/episodes: 4,[^]*accuracy: \{/)
})

it('tells its usage without a folder', async () => {
  const failure = promisify(execFile)(process.execPath, [program('train')])
  await expect(failure).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('usage: ') as string,
  })
})
