import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  contentsOf,
  globalLevelOnly,
  learnableFolder,
  m2l,
  m2lHere,
  pattern,
} from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
  await m2lHere(folder, 'train', '--cfg', 'm2l.yaml', ...quick)
})

const quick = ['train.epochs=1', 'train.episode_per_epoch=2', ...globalLevelOnly]

/** The line that a command is refused with; nothing else may be printed or changed. */
async function refusal(...words: string[]): Promise<string> {
  return refusalOf(m2lHere, words)
}

async function refusalOf(command: typeof m2l, words: readonly string[]): Promise<string> {
  const before = await results()
  const { exitCode, stdout, stderr } = await command(folder, ...words)
  expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }, stderr).toEqual({
    exitCode: 2,
    stdout: '',
    lines: 1,
  })
  expect(await results()).toEqual(before)
  return stderr.trimEnd()
}

const results = () => contentsOf(join(folder, 'runs/patterns/m2l'))

/** The pictures once more, with changes to a class of the training split. */
async function patternsWith(name: string, change: (ofClass: string) => Promise<unknown>): Promise<string> {
  await cp(join(folder, 'patterns'), join(folder, name), { recursive: true })
  await change(join(folder, name, 'train/train-0'))
  return `data.image_dir=${name}`
}

describe('recipes and options', () => {
  test.each([
    [['train'], "m2l: required option '--cfg <file>' not specified; see npx m2l train --help"],
    [['trian'], "m2l: unknown command 'trian' (Did you mean train?); see npx m2l --help"],
    [
      ['train', '--cfg', 'm2l.yaml', '--resme'],
      "m2l: unknown option '--resme' (Did you mean --resume?); see npx m2l train --help",
    ],
    [
      ['train', '--cfg', 'm2l.yaml', '--resume', '--restart'],
      "m2l: option '--resume' cannot be used with option '--restart'; see npx m2l train --help",
    ],
    [
      ['evaluate', '--cfg', 'm2l.yaml', '--device', 'tpu'],
      "m2l: option '--device <device>' argument 'tpu' is invalid. expected cpu, gpu, or the number of a GPU; see npx m2l evaluate --help",
    ],
    [
      ['data', 'show'],
      'm2l: expected the path of a data set, or --cfg with a recipe, one of them; for example npx m2l data show photos.zip',
    ],
    [
      ['engine', 'instal'],
      "m2l: unknown command 'instal' (Did you mean install?); see npx m2l engine --help",
    ],
    [
      ['train', '--cfg', 'm2l.yaml', '--quiet', '--verbose'],
      "m2l: option '--quiet' cannot be used with option '--verbose'; see npx m2l train --help",
    ],
    [
      ['data', 'show', 'patterns', '--exclude', 'none.yaml'],
      'm2l: none.yaml: does not exist; check the path and its permissions',
    ],
    [
      ['data', 'show', '--cfg', 'm2l.yaml', '--exclude', 'none.yaml'],
      'm2l: --exclude goes with a path; a recipe names its own, as data.exclude',
    ],
    [
      ['data', 'check', 'patterns', '--near', '12'],
      'm2l: distance is 12; expected a whole number from 0 to 11',
    ],
    [
      ['data', 'check', 'patterns', '--fix', 'none/list.yaml'],
      'm2l: none/list.yaml: expected a file to write the list to, but its folder does not exist; name another with --fix FILE',
    ],
    [
      ['evaluate', '--cfg', 'm2l.yaml', '--card', 'card.json', '--against', 'none'],
      'm2l: none: does not exist; name a run folder, or a file in one',
    ],
    [
      ['evaluate', '--cfg', 'm2l.yaml', '--against', 'runs/patterns/m2l'],
      'm2l: runs/patterns/m2l: is compared with in a card, and none is asked for; name one (--card FILE), or compare two results (npx m2l compare)',
    ],
    [
      ['data', 'check', 'patterns', '--force'],
      'm2l: --force lets --fix replace a file; name that, too, or leave it out',
    ],
    [
      ['data', 'check', 'patterns', '--fix', 'm2l.yaml'],
      'm2l: m2l.yaml: is there already; name another with --fix FILE, or replace it with --force',
    ],
    [
      ['compare', 'patterns', 'patterns'],
      'm2l: patterns/predictions.jsonl: cannot be read; name a run folder in which m2l evaluate has left predictions.jsonl, or that file',
    ],
    [
      ['completion', 'csh'],
      "m2l: command-argument value 'csh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish (Did you mean zsh?); see npx m2l completion --help",
    ],
    [
      ['train', '--cfg', 'none.yaml'],
      'm2l: none.yaml: expected a recipe, a YAML file, but there is no such file',
    ],
    [
      ['train', '--cfg', 'm2l.yaml', 'train.epohcs=3'],
      'm2l: train.epohcs=3: train.epohcs is not an option; did you mean train.epochs?',
    ],
    [
      ['pretrain', '--cfg', 'm2l.yaml', 'pre.epochs=ten'],
      'm2l: pre.epochs=ten: pre.epochs is "ten", expected a whole number of at least 1',
    ],
    [
      ['evaluate', '--cfg', 'm2l.yaml', '-c', 'none'],
      'm2l: none: no weights of this name are shipped or can be fetched; expected cifar-fs-conv64f, emoji-conv64f, fc100-conv64f, flowers-conv64f, omniglot-conv64f, efficientnet-lite0, efficientnet-lite1, efficientnet-lite2 or the path of a file',
    ],
    [
      ['evaluate', '--cfg', 'm2l.yaml', '-c', 'none.safetensors'],
      "m2l: none.safetensors: there is no such checkpoint; train first (npx m2l train), or name a checkpoint's file with --checkpoint",
    ],
  ])('%j', async (words, line) => {
    expect(await refusalOf(m2l, words)).toBe(line)
  })

  test.each([
    ['model: { encodr: R12 }', 'model.encodr is not an option; did you mean model.encoder?'],
    ['train: { epochs: ten }', 'train.epochs is "ten", expected a whole number of at least 1'],
    ['train: { epochs: 1', 'line 1: expected YAML, but '],
  ])('a recipe of %s', async (text, message) => {
    await writeFile(join(folder, 'bad.yaml'), text)
    expect(await refusal('train', '--cfg', 'bad.yaml')).toContain(`m2l: bad.yaml: ${message}`)
  })
})

describe('what a recipe leads to', () => {
  const train = (...words: string[]) => {
    const keys = new Set(words.map((word) => word.split('=', 1)[0]))
    const others = quick.filter((word) => !keys.has(word.split('=', 1)[0]))
    return refusal('train', '--cfg', 'm2l.yaml', ...others, ...words, '--restart')
  }

  test.each([
    [['data.image_dir=none'], /m2l: \S+none: does not exist/],
    [['data.image_dir=m2l.yaml'], /m2l: \S+m2l\.yaml: is neither a folder nor a zip, tar or tar\.gz archive/],
    [['data.split=mini-imagenot'], /m2l: split "mini-imagenot" does not exist; did you mean "mini-imagenet"/],
    [['data.split=cifar-fs'], /m2l: cifar-fs: class "\w+" and 63 more of train is not in \S+patterns/],
    [['n_way=9'], /m2l: split train: has 8 classes, but an episode needs 9; lower the ways/],
    [
      ['train.query_per_class_per_episode=12'],
      /m2l: split train: class train-0 has 12 images, but an episode needs 13 \(1 support \+ 12 query\)/,
    ],
    [
      ['model.weights=none'],
      /m2l: \S+m2l\.yaml: model\.weights: none: no weights of this name are shipped or can be fetched; /,
    ],
    [
      ['model.weights=none.pth'],
      /m2l: \S+m2l\.yaml: model\.weights: there is no \S+none\.pth; pretrain first/,
    ],
    [
      ['model.weights=m2l/record.txt'],
      /m2l: \S+record\.txt: a text file .*, not a safetensors file or PyTorch checkpoint; name a file/,
    ],
    [
      ['run.folder=m2l.yaml'],
      /m2l: m2l\.yaml: expected a folder to write results to, but .*\(a file is in the way\)/,
    ],
    [
      ['model.levels={pixl: {}}'],
      /model\.levels\.pixl: there is no level pixl; there are part, pixel, global/,
    ],
    [
      ['model.levels={pixel: {neighbors: 3}}'],
      /model\.levels\.pixel\.neighbors is not an option; did you mean model\.levels\.pixel\.neighbours\?/,
    ],
    [
      ['model.levels={pixel: {neighbours: many}}'],
      /model\.levels\.pixel\.neighbours is "many", expected a whole number of at least 1/,
    ],
    [['model.levels={part: {}}'], /model\.forward_encoding is FCN, but level part needs the parts of images/],
    [['model.imports=[./none.js]'], /model\.imports: \.\/none\.js cannot be imported: Cannot find module/],
  ])('%j', async (words, line) => {
    expect(await train(...words)).toMatch(line)
  })

  test.runIf(process.platform === 'linux')('a folder that the system does not let anyone make', async () => {
    expect(await train('run.folder=/proc/runs/m2l')).toMatch(
      /m2l: \/proc\/runs\/m2l: .* cannot be written \(ENOENT\)/,
    )
  })

  test('a missing split', async () => {
    const changed = await patternsWith('no-val', (ofClass) =>
      rm(join(ofClass, '../../val'), { recursive: true }),
    )
    expect(await train(changed)).toMatch(/m2l: \S+no-val: has no split "val", only train, test; /)
  })

  test('checkpoints that do not fit', async () => {
    const checkpoint = join(folder, 'runs/patterns/m2l/best.safetensors')
    await writeFile(join(folder, 'cut.safetensors'), (await readFile(checkpoint)).subarray(0, 5000))
    const evaluate = (...words: string[]) => refusal('evaluate', '--cfg', 'm2l.yaml', ...quick, ...words)
    expect(await evaluate('-c', 'cut.safetensors')).toMatch(
      /m2l: cut\.safetensors: not a valid safetensors file/,
    )
    expect(await evaluate('-c', 'none.pth')).toMatch(
      /m2l: none\.pth: there is no such checkpoint; train first/,
    )
    const other = 'model.encoder=FourLayer_64F'
    expect(await evaluate(other)).toMatch(
      /m2l: runs\S+best\.safetensors: was trained with other settings than the recipe's: model\.encoder FourLayer_64F_4x \(recipe: FourLayer_64F\); /,
    )
    const forced = await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', ...quick, other, '--force')
    expect(forced.stderr).toMatch(/m2l: runs\S+best\.safetensors: a checkpoint of another architecture/)
    expect(await refusal('train', '--cfg', 'm2l.yaml', ...quick, '--resume', other)).toMatch(
      /m2l: runs\S+: holds a run that began with other settings: model\.encoder FourLayer_64F_4x \(now: FourLayer_64F\); /,
    )
  })

  test('a manifest of other pictures', async () => {
    const evaluate = ['evaluate', '--cfg', 'm2l.yaml', ...quick]
    expect((await m2lHere(folder, ...evaluate)).exitCode).toBe(0)
    await cp(join(folder, 'runs/patterns/m2l/test-manifest.jsonl'), join(folder, 'episodes.jsonl'))
    const changed = await patternsWith('fewer', (ofClass) => rm(join(ofClass, '../../test/test-0/3.png')))
    expect(await refusal(...evaluate, '--manifest', 'episodes.jsonl', changed)).toMatch(
      /m2l: manifest of patterns test .* does not fit split test .*: their classes or images differ/,
    )
    expect(await refusal(...evaluate, '--manifest', 'none.jsonl')).toMatch(
      /m2l: none\.jsonl: the manifest cannot be read/,
    )
  })
})

describe('pictures', () => {
  /** One epoch of pretraining reads every picture of the training split. */
  const pretrain = [
    'pretrain',
    '--cfg',
    'm2l.yaml',
    'pre.epochs=1',
    'pre.batch_size=96',
    'run.folder=runs/pictures',
    '--restart',
  ]

  test.each<[string, string, (intact: Buffer) => Promise<Buffer | string>, RegExp]>([
    [
      'text',
      'a.jpg',
      async () => 'these are words',
      /text\/train\/train-0\/a\.jpg: is not a picture in a known format/,
    ],
    ['nothing', 'a.png', async () => '', /nothing\/train\/train-0\/a\.png: is empty \(0 bytes\)/],
    [
      'cut-png',
      'a.png',
      async (png) => png.subarray(0, png.length / 2),
      /cut-png\/train\/train-0\/a\.png: is cut off or damaged/,
    ],
    [
      'cut-jpeg',
      'a.jpg',
      async (png) => {
        const jpeg = await sharp(png).resize(64).jpeg().toBuffer()
        return jpeg.subarray(0, jpeg.length / 2)
      },
      /cut-jpeg\/train\/train-0\/a\.jpg: is cut off or damaged/,
    ],
  ])('%s', async (name, file, content, line) => {
    const changed = await patternsWith(name, async (ofClass) =>
      writeFile(join(ofClass, file), await content(await pattern(0, 0))),
    )
    expect(await refusal(...pretrain, changed)).toMatch(line)
  })

  test('of every kind and with a wrong ending are read', async () => {
    const changed = await patternsWith('kinds', async (ofClass) => {
      const png = await pattern(0, 0)
      await rm(ofClass, { recursive: true })
      await mkdir(ofClass)
      await sharp(png).toColourspace('cmyk').jpeg().toFile(join(ofClass, 'cmyk.jpg'))
      await sharp(png).toColourspace('rgb16').png().toFile(join(ofClass, 'sixteen-bit.png'))
      await sharp(png).greyscale().toFile(join(ofClass, 'grey.png'))
      await sharp(png).ensureAlpha(0.5).toFile(join(ofClass, 'alpha.png'))
      await sharp(png).jpeg().withMetadata({ orientation: 6 }).toFile(join(ofClass, 'rotated.jpg'))
      await writeFile(join(ofClass, 'png.jpg'), png)
    })
    const pretrained = await m2lHere(folder, ...pretrain, changed, '--quiet')
    expect(pretrained).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
