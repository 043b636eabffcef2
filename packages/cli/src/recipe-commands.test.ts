import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import {
  className,
  contentsOf,
  learnableFolder,
  m2l,
  m2lHere,
  smallRecipe,
} from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder(`${smallRecipe}run: { folder: runs/patterns/m2l }\n`)
  await writeFile(join(folder, 'pre.yaml'), smallRecipe)
})

const json = (text: string) => JSON.parse(text) as Record<string, unknown>
const read = (path: string) => readFile(join(folder, path))

describe('from images to an accuracy', () => {
  test('pretrains, trains from that, evaluates, and replays the evaluation', async () => {
    const pretrained = await m2l(folder, 'pretrain', '--cfg', 'pre.yaml')
    expect(pretrained.stderr).toMatch(
      /^epoch 1: validation accuracy [\d.]+ ± [\d.]+ % \(8-way 1-shot; guessing gives 12\.5 %\).*\nepoch 2: validation accuracy .*\n$/,
    )
    expect(pretrained.stdout).toMatch(
      /^2 epochs in .* s, waiting for pictures [\d.]+ %; best validation accuracy [\d.]+ % \(8-way 1-shot; guessing gives 12\.5 %\) after epoch [12]: runs\/patterns\/pre\/best\.safetensors\n$/,
    )
    expect(pretrained.exitCode).toBe(0)
    await expectRunFolder('runs/patterns/pre')

    const trained = await m2l(
      folder,
      'train',
      '--cfg',
      'm2l.yaml',
      'model.weights=pre/best.safetensors',
      '--json',
    )
    expect(trained.stderr.match(/^epoch \d: validation accuracy/gm)).toHaveLength(2)
    expect(trained.stdout.trimEnd()).not.toContain('\n')
    expect(json(trained.stdout)).toMatchObject({
      recipe: 'm2l',
      folder: 'runs/patterns/m2l',
      bestCheckpoint: 'runs/patterns/m2l/best.safetensors',
      epochs: 2,
      completed: true,
    })
    expect(trained.exitCode).toBe(0)
    await expectRunFolder('runs/patterns/m2l')

    const evaluated = await m2l(folder, 'evaluate', '--cfg', 'm2l.yaml', '--json')
    expect(evaluated.stderr).toMatch(/^feature bank: .*\n$/)
    expect(evaluated.stdout.trimEnd()).not.toContain('\n')
    const report = json(evaluated.stdout)
    expect(report).toEqual(json((await read('runs/patterns/m2l/result.json')).toString()))
    expect(report).toMatchObject({
      dataset: 'patterns',
      split: 'test',
      ways: 3,
      shots: 1,
      queries: 2,
      episodes: 10,
      precision: 'f32',
    })
    expect(Object.keys(report.accuracy as object)).toEqual(['fused', 'part', 'pixel', 'global'])
    expect((report.accuracy as { fused: number }).fused).toBeGreaterThan(0.6)

    const manifest = 'runs/patterns/m2l/test-manifest.jsonl'
    await writeFile(join(folder, 'episodes.jsonl'), await read(manifest))
    const words = ['seed=5', 'test.episode=3', '-c', 'runs/patterns/m2l/best.safetensors']
    const replayed = await m2lHere(
      folder,
      'evaluate',
      '--cfg',
      'm2l.yaml',
      '--manifest',
      'episodes.jsonl',
      '--json',
      ...words,
    )
    expect(json(replayed.stdout).accuracy).toEqual(report.accuracy)
    expect(json(replayed.stdout).interval95).toEqual(report.interval95)

    await expectPredictions(report)

    const narrow = await m2l(folder, 'evaluate', '--cfg', 'm2l.yaml', '--precision', 'bf16', '--json')
    const said = narrow.stderr.replaceAll(/^.*(precision f32 is faster|absl).*\n/gm, '') // where bf16 is slow, that comes first
    expect(said).toMatch(/^feature bank: \d+ images, \d+\.\d MiB in memory\n$/)
    expect(json(narrow.stdout)).toMatchObject({ precision: 'bf16', episodes: 10 })
    expect((json(narrow.stdout).accuracy as { fused: number }).fused).toBeGreaterThan(0.6)

    await mkdir(join(folder, 'bank'))
    const place = ['--bank-mib', '0', '--bank-folder', 'bank']
    const spilled = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', '--json', ...place)
    expect(spilled.stderr).toContain('MiB on disk')
    expect(json(spilled.stdout)).toMatchObject({ accuracy: report.accuracy, bank: { place: 'disk' } })
    expect(await readdir(join(folder, 'bank'))).toEqual([])

    const nowhere = ['--bank-mib', '0', '--bank-folder', 'none', '--quiet']
    const refused = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', ...nowhere)
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(
      /^m2l: none: the feature bank cannot be kept here: .*; name another folder.*\n$/,
    )

    const rounds = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', 'test.total_testtimes=3')
    expect(rounds.stdout).toMatch(/round .*\n.*│ 1 .*\n.*│ 2 .*\n.*│ 3 .*\n.*│ mean /s)
    expect(rounds.stdout).toContain('30 3-way 1-shot episodes')

    const shown = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml')
    const { fused } = report.accuracy as { fused: number }
    expect(shown.stdout).toContain(`${(100 * fused).toFixed(2)} ± `)
    expect(shown.stdout).toContain('10 3-way 1-shot episodes of patterns (test)')
    expect(shown.stdout).toContain('± is the 95 % interval; guessing gives 33.3 %')

    await expectPages(report)
    await expectAnotherRunRefused()
  })

  test('reads a zip in place, its classes divided by a split file', async () => {
    const zip = new ZipFile()
    for (const split of ['train', 'val', 'test']) {
      for (const ofClass of await readdir(join(folder, 'patterns', split))) {
        for (const image of await readdir(join(folder, 'patterns', split, ofClass))) {
          zip.addFile(join(folder, 'patterns', split, ofClass, image), `${ofClass}/${image}`)
        }
      }
    }
    zip.end()
    await pipeline(zip.outputStream, createWriteStream(join(folder, 'all.zip')))
    const names = (split: string) =>
      Array.from({ length: 8 }, (_, index) => className(split, index)).join(', ')
    const lines = ['train', 'val', 'test'].map((split) => `${split}: [${names(split)}]`)
    await writeFile(join(folder, 'split.yaml'), lines.join('\n'))

    const shown = await m2lHere(folder, 'data', 'show', 'all.zip', '--split', 'split.yaml', '--json')
    expect(json(shown.stdout)).toMatchObject({
      dataset: 'all',
      splits: ['train', 'val', 'test'].map((split) => ({
        split,
        classes: 8,
        images: 96,
        fewest: 12,
        most: 12,
      })),
    })

    const words = ['data.image_dir=all.zip', 'data.split=split.yaml', 'run.folder=runs/zip', 'train.epochs=1']
    const trained = await m2lHere(folder, 'train', '--cfg', 'm2l.yaml', ...words, '--quiet')
    expect(trained).toMatchObject({ exitCode: 0, stderr: '' })
    const evaluated = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', ...words, '--json')
    expect(json(evaluated.stdout)).toMatchObject({ episodes: 10, checkpoint: 'runs/zip/best.safetensors' })
    await rm(join(folder, 'all.zip'))
  })
})

async function expectRunFolder(run: string): Promise<void> {
  const files = await readdir(join(folder, run))
  expect(files.filter((file) => !file.startsWith('events.out.tfevents.')).sort()).toEqual([
    'best.safetensors',
    'last-1.safetensors', // The one before it, should the newest be damaged.
    'last.safetensors',
    'record.txt',
    'report.html',
    'training.json',
  ])
  expect(files).toHaveLength(7)
  expect((await read(`${run}/record.txt`)).toString().match(/^epoch \d: training loss/gm)).toHaveLength(2)
}

/** The accuracies follow from what was predicted for each query. */
async function expectPredictions({ accuracy, queries }: Record<string, unknown>): Promise<void> {
  const text = (await read('runs/patterns/m2l/predictions.jsonl')).toString()
  const [header, ...episodes] = text.trimEnd().split('\n').map(json) as [
    object,
    ...Record<string, number[]>[],
  ]
  expect(header).toMatchObject({ format: 'm2l-predictions', accuracy, episodes: 10 })
  expect(episodes).toHaveLength(10)
  for (const [name, expected] of Object.entries(accuracy as Record<string, number>)) {
    const right = episodes.flatMap((episode) =>
      episode[name]!.map((way, query) => Number(way === Math.floor(query / Number(queries)))),
    )
    expect(right).toHaveLength(10 * 3 * 2)
    expect(right.reduce((sum, value) => sum + value, 0) / right.length).toBeCloseTo(expected, 6)
  }
}

/** A page shows the same accuracies as the result, and is refused where it could not be written. */
async function expectPages({ accuracy }: Record<string, unknown>): Promise<void> {
  const shown = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', '--report', 'page.html', '--json')
  expect(json(shown.stdout)).toMatchObject({ accuracy, episodes: 10, page: 'page.html' })
  const text = (await read('page.html')).toString()
  for (const value of Object.values(accuracy as Record<string, number>)) {
    expect(text).toContain(`${(100 * value).toFixed(1)} %`)
  }
  for (let index = 0; index < 8; index++) expect(text).toContain(className('test', index))
  const before = await read('runs/patterns/m2l/result.json')
  for (const [file, reason] of [
    ['none/page.html', 'its folder does not exist'],
    ['patterns', 'it is a folder'],
  ] as const) {
    const refused = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', '--report', file)
    expect(refused).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `m2l: ${file}: expected a file to write the page to, but ${reason}; name another with --report FILE\n`,
    })
  }
  expect(await read('runs/patterns/m2l/result.json')).toEqual(before)
}

async function expectAnotherRunRefused(): Promise<void> {
  const run = join(folder, 'runs/patterns/m2l')
  const before = await contentsOf(run)
  const refused = await m2lHere(folder, 'train', '--cfg', 'm2l.yaml')
  expect(refused).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'm2l: runs/patterns/m2l: holds an earlier training run; go on with it (--resume), throw it away (--restart), ' +
      'or choose another folder with run.folder=FOLDER\n',
  })
  expect(await contentsOf(run)).toEqual(before)
}
