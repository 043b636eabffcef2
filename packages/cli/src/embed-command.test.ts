import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { contentsOf, m2lHere, pattern, start, temporaryFolder } from './m2l-process.test.helper.js'

const weights = ['--weights', 'emoji-conv64f']
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'hen', 'grüner Tee 🍵'].entries()) {
    await write(`examples/${name}`, kind, [0, 1, 2])
    await write(`photos/${name}`, kind, [4, 5, 6])
  }
  await write('photos', 9, [0])
  for (const name of ['examples', 'photos'])
    await here('embed', name, '-o', `${name}.safetensors`, ...weights)
})

async function write(place: string, kind: number, numbers: readonly number[]) {
  await mkdir(join(folder, place), { recursive: true })
  for (const number of numbers) {
    await writeFile(join(folder, place, `${number}.png`), await pattern(kind, number))
  }
}

const here = (...words: string[]) => m2lHere(folder, ...words)
const texts = (data: unknown) => JSON.parse(new TextDecoder().decode(data as Uint8Array)) as (string | null)[]

async function refused(words: readonly string[], message: RegExp) {
  const { exitCode, stdout, stderr } = await here(...words, '--quiet')
  expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }, stderr).toEqual({
    exitCode: 2,
    stdout: '',
    lines: 1,
  })
  expect(stderr).toMatch(message)
}

describe('m2l embed', () => {
  test('writes features, names and labels, which say what weights made them', async () => {
    const { exitCode, stdout, stderr } = await here(
      'embed',
      'photos',
      '-o',
      'again.safetensors',
      ...weights,
      '--json',
    )
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'again.safetensors',
      weights: 'emoji-conv64f',
      pictures: 10,
      shape: [64],
      labels: { fox: 3, hen: 3, 'grüner Tee 🍵': 3 },
      unreadable: [],
    })
    const { tensors, metadata } = await loadSafetensors(join(folder, 'again.safetensors'))
    expect(tensors.features!.shape).toEqual([10, 64])
    expect(texts(tensors.names!.data)).toContain('photos/grüner Tee 🍵/6.png')
    const labels = texts(tensors.labels!.data)
    texts(tensors.names!.data).forEach((name, row) => {
      expect(labels[row]).toBe(name!.split('/').length === 3 ? name!.split('/')[1] : null)
    })
    expect(metadata).toMatchObject({ format: 'm2l-features-1', weights: 'emoji-conv64f' })
  })

  test('means of maps are the features, and maps themselves with --maps', async () => {
    await here('embed', 'examples', '-o', 'maps.safetensors', ...weights, '--maps', '--quiet')
    const { features: maps } = (await loadSafetensors(join(folder, 'maps.safetensors'))).tensors
    const { features } = (await loadSafetensors(join(folder, 'examples.safetensors'))).tensors
    const [pictures, height, width, channels] = maps!.shape as [number, number, number, number]
    expect([pictures, channels]).toEqual(features!.shape)
    expect(height * width).toBeGreaterThan(1)
    const mean = (picture: number, channel: number) => {
      let sum = 0
      for (let at = 0; at < height * width; at++)
        sum += Number(maps!.data[(picture * height * width + at) * channels + channel])
      return sum / (height * width)
    }
    for (const [picture, channel] of [
      [0, 0],
      [4, 17],
      [8, 63],
    ] as const) {
      expect(features!.data[picture * channels + channel]).toBeCloseTo(mean(picture, channel), 4)
    }
    const recipe = '{ model: { levels: { pixel: { neighbours: 1 } }, fusion: consistent } }'
    await writeFile(join(folder, 'pixel.yaml'), recipe)
    const words = [
      '--support',
      'maps.safetensors',
      '--query',
      'maps.safetensors',
      '--cfg',
      'pixel.yaml',
      '--json',
    ]
    const { leaveOneOut } = JSON.parse((await here('classify', ...words)).stdout) as {
      leaveOneOut: { accuracy: number }
    }
    expect(leaveOneOut.accuracy).toBe(1)
  })

  test('takes archives and tables, and names pictures that cannot be read', async () => {
    const zip = new ZipFile()
    zip.addBuffer(await pattern(0, 1), 'all/fox/1.png')
    zip.addBuffer(await pattern(1, 1), 'all/hen/1.png')
    zip.end()
    await writeFile(join(folder, 'some.zip'), await buffer(zip.outputStream))
    const ofZip = await here('embed', 'some.zip', '-o', 'zip.safetensors', ...weights, '--json')
    expect(JSON.parse(ofZip.stdout)).toMatchObject({ labels: { fox: 1, hen: 1 } })
    await writeFile(join(folder, 'broken.png'), 'no picture')
    await writeFile(join(folder, 'table.csv'), 'filename,label\nexamples/fox/0.png,red\nbroken.png,blue\n')
    const ofTable = await here('embed', 'table.csv', '-o', 'table.safetensors', ...weights, '--json')
    expect(ofTable.exitCode).toBe(2)
    expect(ofTable.stderr).toMatch(
      /^m2l: 1 picture could not be read and was left out: broken\.png: is not a picture/,
    )
    expect(JSON.parse(ofTable.stdout)).toMatchObject({
      pictures: 1,
      labels: { red: 1 },
      unreadable: [{ file: 'broken.png' }],
    })
    await writeFile(join(folder, 'broken.csv'), 'filename,label\nbroken.png,blue\n')
    await refused(
      ['embed', 'broken.csv', '-o', 'none.safetensors', ...weights],
      /broken\.csv: none of its pictures can be read: broken\.png/,
    )
    expect(await readdir(folder)).not.toContain('none.safetensors')
  })

  test('replaces nothing without --force, and leaves nothing half-written', async () => {
    await refused(
      ['embed', 'photos', '-o', 'photos.safetensors'],
      /is there already; name another with --output/,
    )
    await refused(['embed', 'photos', '-o', 'photos.bin'], /expected a name that ends in \.safetensors/)
    await mkdir(join(folder, 'empty'))
    await refused(['embed', 'empty', '-o', 'a.safetensors'], /empty: no pictures to embed/)
    const many = join(folder, 'many')
    await mkdir(many)
    for (let index = 0; index < 1500; index++) {
      await writeFile(join(many, `${index}.png`), await pattern(index % 7, index % 12))
    }
    const before = await readdir(folder)
    const child = start(folder, ['embed', 'many', '-o', 'many.safetensors', ...weights, '--verbose'])
    await child.saying('embedding 1')
    child.kill('SIGINT')
    const { exitCode, stderr } = await child.finished
    expect(exitCode).toBe(130)
    expect(stderr).toContain('interrupted; nothing was written')
    expect(await readdir(folder)).toEqual(before)
  })
})

describe('features', () => {
  test('are classified as their pictures are by the same level, with all that a report tells', async () => {
    const ofFeatures = [
      '--support',
      'examples.safetensors',
      '--query',
      'photos.safetensors',
      '--unknown',
      'auto',
    ]
    const { exitCode, stdout, stderr } = await here('classify', ...ofFeatures, '--json')
    expect(exitCode, stderr).toBe(0)
    const report = JSON.parse(stdout) as { predictions: { file: string; label: string; truth?: string }[] }
    expect(report).toMatchObject({
      accuracy: 1,
      measured: 9,
      classes: { fox: 3, hen: 3, 'grüner Tee 🍵': 3 },
      leaveOneOut: { images: 9 },
      weights: 'the features of examples.safetensors',
    })
    expect(report.predictions.map(({ file }) => file)).toContain('photos/hen/5.png')
    expect((await here('classify', ...ofFeatures, '--csv')).stdout).toMatch(
      /^file,label,probability,features (ridge|gda),/,
    )
  })

  test('are evaluated in episodes of their labels, by levels of a recipe', async () => {
    const cfg = ['--cfg', 'recipe.yaml', '--features', 'photos.safetensors']
    await writeFile(
      join(folder, 'recipe.yaml'),
      'n_way: 3\nk_shot: 2\ntest: { query_per_class_per_episode: 1, episode: 40 }\nmodel: { levels: { global: {} } }\n',
    )
    const before = await contentsOf(folder)
    const { exitCode, stdout, stderr } = await here('evaluate', ...cfg, '--json')
    expect(exitCode, stderr).toBe(0)
    const report = JSON.parse(stdout) as { accuracy: Record<string, number> }
    expect(report).toMatchObject({ ways: 3, shots: 2, episodes: 40, weights: 'emoji-conv64f', chance: 1 / 3 })
    expect(report.accuracy.global).toBeGreaterThan(0.9)
    const cosine = ['model.levels={global: {similarity: cosine}}', 'seed=7']
    const other = await here('evaluate', ...cfg, ...cosine)
    expect(other.stdout).toMatch(
      /global .*40 3-way 2-shot episodes of photos\.safetensors, made by emoji-conv64f, in/s,
    )
    expect(other.stdout).toContain('1 of 10 pictures has no label and is left out')
    expect(await contentsOf(folder)).toEqual(before)
    const levels = ['--levels', '{ridge: {}, nearest-mean: {weight: 2}}', '--json']
    const { accuracy } = JSON.parse((await here('evaluate', ...cfg, ...levels)).stdout) as typeof report
    expect(Object.keys(accuracy)).toEqual(['fused', 'ridge', 'nearest-mean'])
    await refused(['evaluate', ...cfg, '--levels', '{global: 1}'], /model\.levels\.global/)
    await refused(['evaluate', ...cfg, 'n_way=4'], /photos\.safetensors/)
    await refused(['evaluate', ...cfg, 'model.levels=null'], /level part needs parts of pictures/)
    await refused(['evaluate', ...cfg, '-c', 'emoji-conv64f'], /cannot be used with option/)
  })

  test('that do not belong together are refused in one line', async () => {
    const classify = (support: string, query: string, ...others: string[]) => [
      'classify',
      '--support',
      support,
      '--query',
      query,
      ...others,
    ]
    await here('embed', 'photos', '-o', 'other.safetensors', '--weights', 'omniglot-conv64f')
    const { tensors } = await loadSafetensors(join(folder, 'photos.safetensors'))
    const narrow = { shape: [20, 32], data: tensors.features!.data as Float32Array }
    const names = new TextEncoder().encode(JSON.stringify(Array.from({ length: 20 }, (_, row) => `${row}`)))
    await saveSafetensors(join(folder, 'narrow.safetensors'), {
      features: narrow,
      names: { shape: [names.length], data: names },
    })
    await writeFile(join(folder, 'cut.safetensors'), await readFile(join(folder, 'photos.safetensors')))
    await truncate(join(folder, 'cut.safetensors'), 1000)
    await symlink('photos.safetensors', join(folder, 'link.safetensors'))
    const features = 'examples.safetensors'
    await refused(
      classify(features, 'narrow.safetensors'),
      /narrow\.safetensors: has features of 32 numbers, those of the examples are of 64/,
    )
    await refused(
      classify(features, 'other.safetensors'),
      /other\.safetensors: has features that other weights made/,
    )
    await refused(classify(features, 'cut.safetensors'), /cut\.safetensors: not a valid safetensors file/)
    await refused(
      classify(features, 'photos'),
      /photos: is no file of features, as the examples are; embed it/,
    )
    await refused(
      classify('examples', features),
      /examples\.safetensors: are features, but the examples are pictures/,
    )
    await refused(classify('narrow.safetensors', features), /narrow\.safetensors: 0 has no label/)
    await refused(classify('photos.safetensors', features), /photos\/0\.png has no label/)
    await refused(
      classify(features, features, ...weights),
      /are features, which are compared as they are; leave out/,
    )
    for (const vain of [
      ['--head', 'ridge'],
      ['--features', 'Mean'],
      ['--views', 'crops'],
    ]) {
      await refused(classify(features, features, ...vain), /are compared as they are; leave out the \w+ \w+/)
    }
    await refused(
      classify(features, features, '--report', 'p.html'),
      /are features, without pictures for a page/,
    )
    await refused(classify(features, features, '--save', 'c.safetensors'), /c\.safetensors: is not written/)
    expect((await here(...classify(features, 'link.safetensors'), '--quiet')).exitCode).toBe(0)
  })
})
