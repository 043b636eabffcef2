import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSafetensors } from '@m2l/nn/files'
import { beforeAll, describe, expect, test } from 'vitest'
import { contentsOf, learnableFolder, m2lHere, smallRecipe } from './m2l-process.test.helper.js'

let folder: string
const wholeImages = smallRecipe.replace('forward_encoding: Grid-2', 'query: SimpleShot')

beforeAll(async () => {
  folder = await learnableFolder(wholeImages)
  const { exitCode, stderr } = await m2lHere(folder, 'pretrain', '--cfg', 'm2l.yaml', 'run.folder=pre')
  if (exitCode !== 0) throw new Error(stderr)
})

const evaluate = (...overrides: string[]) =>
  m2lHere(
    folder,
    'evaluate',
    '--cfg',
    'm2l.yaml',
    '--checkpoint',
    'pre/best.safetensors',
    '--json',
    ...overrides,
  )

describe('heads that are solved from the examples, on a network that was only pretrained', () => {
  test.each(['SimpleShot', 'RFS', 'GDA', 'Tip-Adapter', 'LP++', 'MatchingVote'])(
    '%s recognises new classes',
    async (query) => {
      const { stdout, stderr, exitCode } = await evaluate(`model.query=${query}`)
      expect(exitCode, stderr).toBe(0)
      expect(stderr).not.toContain('operation by operation')
      const { accuracy } = JSON.parse(stdout) as { accuracy: { fused: number } }
      expect(accuracy.fused).toBeGreaterThan(0.5) // guessing gives a third
    },
  )

  test('pretraining with SimpleShot keeps the mean feature of the training classes', async () => {
    const { tensors } = await loadSafetensors(join(folder, 'pre/best.safetensors'))
    const [mean, images] = [tensors['model.base.mean']!, tensors['model.base.images']!]
    expect(mean.shape).toEqual([64])
    expect([...(mean.data as Float32Array)].some((value) => value !== 0)).toBe(true)
    expect([...(images.data as Float32Array)]).toEqual([8 * 12])
  })

  test('without the mean of training classes it says what to take instead', async () => {
    const other = await m2lHere(
      folder,
      'pretrain',
      '--cfg',
      'm2l.yaml',
      'model.query=RFS',
      'run.folder=other',
    )
    expect(other.exitCode, other.stderr).toBe(0)
    const { stderr, exitCode } = await m2lHere(
      folder,
      'evaluate',
      '--cfg',
      'm2l.yaml',
      '--checkpoint',
      'other/best.safetensors',
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^m2l: .*level nearest-mean: cl2n .* take normalise: l2n\n$/)
  })

  test('training by a head that no gradient follows is refused before anything is written', async () => {
    const before = await contentsOf(folder)
    const { stderr, exitCode } = await m2lHere(
      folder,
      'train',
      '--cfg',
      'm2l.yaml',
      'model.query=RFS',
      'run.folder=trained',
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^m2l: .*level logistic is for evaluation alone: .*\n$/)
    expect(await contentsOf(folder)).toEqual(before)
  })

  test('a ridge head is trained through, and its scale learned', async () => {
    await writeFile(
      join(folder, 'r2d2.yaml'),
      `${wholeImages.replace('SimpleShot', 'R2D2')}run: { folder: r2d2 }\n`,
    )
    const trained = await m2lHere(folder, 'train', '--cfg', 'r2d2.yaml', 'model.weights=pre/best.safetensors')
    expect(trained.exitCode, trained.stderr).toBe(0)
    expect(trained.stderr).not.toContain('operation by operation')
    const { tensors } = await loadSafetensors(join(folder, 'r2d2/best.safetensors'))
    expect((tensors['model.ridge.scale']!.data as Float32Array)[0]).not.toBe(10)
    const evaluated = await m2lHere(folder, 'evaluate', '--cfg', 'r2d2.yaml', '--json')
    expect(evaluated.exitCode, evaluated.stderr).toBe(0)
  })
})
