import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { contentsOf, learnableFolder, m2l, m2lHere, smallRecipe } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder(`${smallRecipe}run: { folder: runs/m2l }\n`)
  await m2lHere(folder, 'train', '--cfg', 'm2l.yaml', 'train.epochs=1', 'train.episode_per_epoch=2')
})

const best = 'runs/m2l/best.safetensors'
const here = (...words: string[]) => m2lHere(folder, ...words)
const json = (text: string) => JSON.parse(text) as Record<string, unknown>

test('what was trained is converted, shown and evaluated as a PyTorch checkpoint', async () => {
  const converted = await m2l(folder, 'weights', 'convert', best, 'best.pth')
  expect(converted).toEqual({ exitCode: 0, stdout: '29 tensors written to best.pth\n', stderr: '' })

  const evaluate = async (...words: string[]) =>
    json((await here('evaluate', '--cfg', 'm2l.yaml', '--json', ...words)).stdout)
  const report = await evaluate('-c', 'best.pth')
  expect(report.checkpoint).toBe('best.pth')
  expect(report.accuracy).toEqual((await evaluate()).accuracy)

  const trained = await here(
    'train',
    '--cfg',
    'm2l.yaml',
    'run.folder=runs/second',
    'model.weights=../best.pth',
    'train.epochs=1',
    'train.episode_per_epoch=1',
    '--quiet',
  )
  expect(trained).toMatchObject({ exitCode: 0, stderr: '' })

  const shown = json((await here('weights', 'show', 'best.pth', '--json')).stdout)
  expect(shown).toMatchObject({
    file: 'best.pth',
    format: 'pytorch-zip',
    under: 'fsl',
    metadata: { summary_dir: 'm2l', episode: 'best' },
  })
  expect(Object.keys(shown.leftOut as object)).toContain('query.Norm_layer.weight')
  const { stdout } = await here('weights', 'show', 'best.pth')
  expect(stdout).toMatch(/part\.graph\.gc1\.weight +│ 64 x 256 +│ float32/)
  expect(stdout).toMatch(/24 tensors of \d+ values; PyTorch checkpoint \(zip\), under fsl/)
  expect(stdout).toMatch(/query\.Norm_layer\.weight +│ tensor \[5\] of a part that is never used; left out/)

  const back = json((await here('weights', 'convert', 'best.pth', 'back.safetensors', '--json')).stdout)
  expect(back).toEqual({ input: 'best.pth', output: 'back.safetensors', format: 'safetensors', tensors: 29 })
  expect((await evaluate('-c', 'back.safetensors')).accuracy).toEqual(report.accuracy)
})

test('shipped weights are evaluated, trained from and shown by name', async () => {
  const words = ['--cfg', 'm2l.yaml', '--json', '--quiet', '-c', 'emoji-conv64f']
  const refused = await here('evaluate', ...words)
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
  expect(refused.stderr).toContain('data.image_size 32 (recipe: 16)')
  const evaluated = await here('evaluate', ...words, '--force')
  expect(json(evaluated.stdout)).toMatchObject({ checkpoint: 'emoji-conv64f', episodes: 10 })
  expect(json(evaluated.stdout).notes).toEqual([
    expect.stringContaining('model.fusion consistent (recipe: released)'),
    expect.stringContaining('data.image_size 32 (recipe: 16)'),
  ])
  const train = (name: string) =>
    here(
      'train',
      '--cfg',
      'm2l.yaml',
      'run.folder=runs/shipped',
      `model.weights=${name}`,
      'train.epochs=1',
      'train.episode_per_epoch=1',
      '--quiet',
      '--force',
    )
  expect(await train('emoji-conv64')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      /^m2l: \S+m2l\.yaml: model\.weights: emoji-conv64: .*did you mean emoji-conv64f\?.*\n$/,
    ) as string,
  })
  expect(await train('emoji-conv64f')).toMatchObject({ exitCode: 0, stderr: '' })
  const shown = json((await here('weights', 'show', 'runs/shipped/best.safetensors', '--json')).stdout)
  const recipe = JSON.parse((shown.metadata as { recipe: string }).recipe) as object
  expect(recipe).toMatchObject({ model: { encoder: 'FourLayer_64F_4x' }, data: { image_size: 16 } })
  expect((await here('weights', 'show', 'emoji-conv64f')).stdout).toMatch(/24 tensors of 146432 values/)
})

test.each([
  [
    ['show', 'none.pth'],
    /none\.pth: cannot be read \(ENOENT: no such file or directory\); name a safetensors/,
  ],
  [
    ['show', 'm2l.yaml'],
    /m2l\.yaml: a text file \(“.*”\), not a safetensors file or PyTorch checkpoint; name a file/,
  ],
  [['show', 'cut.pth'], /cut\.pth: not a PyTorch checkpoint that can be read: .*; copy it again/],
  [
    ['show', 'attack.pth'],
    /attack\.pth: .*it asks for os\.system, which is not among what may be made here; /,
  ],
  [['convert', best, best], /best\.safetensors: is the input itself; write to another file/],
  [['convert', best, 'm2l.yaml'], /m2l\.yaml: expected a name that ends in \.safetensors or \.pth/],
  [['convert', best, 'cut.pth'], /cut\.pth: exists already; choose another name, or replace it with --force/],
  [
    ['convert', best, 'new.pth', '--ways', 'no'],
    /'no' is invalid\. expected a whole number of at least 1; see npx m2l weights convert --help/,
  ],
  [['convert', best], /missing required argument 'out'; see npx m2l weights convert --help/],
])('m2l weights %j is refused in one line', async (words, message) => {
  await writeFile(join(folder, 'cut.pth'), 'PK\x03\x04')
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e8002 4de9032e 80027d2e'.replaceAll(' ', ''), 'hex')
  await writeFile(
    join(folder, 'attack.pth'),
    Buffer.concat([magic, Buffer.from('\x80\x02cos\nsystem\n.', 'latin1')]),
  )
  const before = await contentsOf(join(folder, 'runs/m2l'))
  const { exitCode, stdout, stderr } = await here('weights', ...words)
  expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }, stderr).toEqual({
    exitCode: 2,
    stdout: '',
    lines: 1,
  })
  expect(stderr).toMatch(message)
  expect(await contentsOf(join(folder, 'runs/m2l'))).toEqual(before)
  expect(await readFile(join(folder, 'cut.pth'), 'latin1')).toBe('PK\x03\x04')
})
