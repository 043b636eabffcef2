import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { m2l, m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

const names = ['fox', 'grüner Tee 🍵', '猫']
const weights = ['--weights', 'emoji-conv64f']
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of names.entries()) {
    await write('support', name, kind, [0, 1, 2])
    await write('query', name, kind, [5, 6])
  }
  await write('query', 'stranger', 9, [0, 1, 2])
  await writeFile(join(folder, 'support', '.DS_Store'), 'x')
  await writeFile(join(folder, 'query', 'fox', 'IMG_1.HEIC'), 'x')
})

async function write(part: string, name: string, kind: number, numbers: readonly number[]) {
  await mkdir(join(folder, part, name), { recursive: true })
  for (const number of numbers) {
    await writeFile(join(folder, part, name, `${number}.png`), await pattern(kind, number))
  }
}

const here = (...words: string[]) => m2lHere(folder, 'classify', ...words)

interface Report {
  readonly predictions: {
    readonly file: string
    readonly label: string
    readonly displayName?: string
    readonly probability: number
    readonly probabilities: { label: string; probability: number }[]
    readonly levels: Record<string, { label: string }>
    readonly familiarity?: number
    readonly truth?: string
    readonly isExample?: true
  }[]
  readonly accuracy: number | null
  readonly perClass: Record<string, number>
  readonly [key: string]: unknown
}

const report = async (...words: string[]) =>
  JSON.parse((await here(...words, ...weights, '--json')).stdout) as Report

describe('m2l classify', () => {
  test('prints one JSON object, and notes on standard error', async () => {
    const { exitCode, stdout, stderr } = await m2l(
      folder,
      'classify',
      '--support',
      'support',
      '--query',
      'query',
      ...weights,
      '--json',
    )
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(
      /^support: left out 1 entry: 1 hidden or left by a system \(\.DS_Store\)\nleft out 1 entry: 1 no picture by its ending \(\.heic\); save \.heic pictures as JPEG or PNG to have them read\n3 pictures are labelled as no class \(stranger \(3\)\); accuracy leaves them out\n$/,
    )
    const { predictions, accuracy, perClass, confusion, leaveOneOut } = JSON.parse(stdout) as Report
    expect(predictions).toHaveLength(9)
    for (const { file, label, probability, levels, truth } of predictions) {
      expect(Object.keys(levels)).toEqual(['part', 'pixel', 'global'])
      expect(probability).toBeGreaterThan(1 / 3)
      expect(names).toContain(label)
      expect(truth).toBe(names.find((name) => file.includes(`/${name}/`)))
    }
    expect(accuracy).toBe(1)
    expect(perClass).toEqual({ fox: 1, 'grüner Tee 🍵': 1, 猫: 1 })
    expect(confusion).toEqual({
      labels: [...names].toSorted(),
      counts: [
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 2],
      ],
    })
    expect(leaveOneOut).toMatchObject({ images: 9 })
  })

  test('tells unknown pictures and how well, by a threshold of its own or a given one', async () => {
    const found = await report('--support', 'support', '--query', 'query', '--unknown', 'auto')
    expect(found.unknown).toMatchObject({ threshold: 0.5 })
    expect((found.unknown as { auroc: number }).auroc).toBeGreaterThan(0.8)
    for (const { label, familiarity } of found.predictions)
      expect(label === 'unknown').toBe(familiarity! < 0.5)
    expect(found.predictions.filter(({ truth }) => truth === 'unknown')).toHaveLength(3)
    const all = await report('--support', 'support', '--query', 'query', '--unknown', '1')
    expect(new Set(all.predictions.map(({ label }) => label))).toEqual(new Set(['unknown']))
    expect(all.unknown).toMatchObject({
      called: 9,
      ofClasses: { pictures: 6, called: 6, accuracyOfRest: null },
      ofOthers: { pictures: 3, called: 3 },
    })
    expect(all.accuracy).toBeCloseTo(3 / 9)
  })

  test('takes tables, single files and pictures without a class, and prints CSV', async () => {
    const lines = names.map((name) => `"support/${name}/0.png",${name}`)
    await writeFile(join(folder, 'one each.csv'), ['filename,label', ...lines].join('\n'))
    const files = names.map((name) => join('query', name, '5.png'))
    const { stdout, stderr } = await here(
      '--support',
      'one each.csv',
      '--query',
      ...files,
      ...weights,
      '--csv',
    )
    expect(stderr).toBe('')
    const rows = names.map((name, index) => new RegExp(`^${files[index]},${name},0\\.\\d+,`))
    const [head, ...body] = stdout.trimEnd().split('\n')
    expect(head).toBe('file,label,probability,part,pixel,global,truth')
    for (const [index, row] of rows.entries()) expect(body[index]).toMatch(row)
    const labelled = await report('--support', 'one each.csv', '--query', ...files)
    expect(labelled).toMatchObject({ accuracy: 1, measured: 3, leaveOneOut: null })
  })

  test('shows tables for people', async () => {
    const { stdout } = await here('--support', 'support', '--query', 'query', ...weights, '--unknown', '.5')
    expect(stdout).toMatch(/file .*label .*familiarity .*part .*pixel .*global/)
    expect(stdout).toMatch(/class .*pictures .*right \(%\)/)
    expect(stdout).toMatch(/9 pictures by 9 examples of 3 classes with emoji-conv64f/)
    expect(stdout).toMatch(/accuracy [\d.]+ %, 95 % interval [\d.]+ to [\d.]+ %/)
    expect(stdout).toMatch(/AUROC [\d.]+/)
  })

  test('tells what was called unknown in words and without a probability, on a terminal and on the page', async () => {
    const words = ['--support', 'support', '--query', 'query', ...weights, '--report', 'unknown.html']
    const { stdout } = await here(...words, '--unknown', '1')
    const rows = stdout.split('\n').filter((line) => line.includes('.png'))
    expect(rows).toHaveLength(9)
    for (const row of rows) expect(row).toMatch(/unknown, nearest to [^│]+│ +│ +0\.\d\d │/)
    expect(stdout).toContain(
      '\n6 of 6 pictures of the classes (100.00 %) are called unknown, which counts as wrong\n3 of 3 pictures of no class (100.00 %) are called unknown, which is right\n',
    )
    expect(stdout).toContain('an unknown one has none')
    const going =
      /going by the examples, 100\.00? % of pictures of the classes will be, and 100\.00? % of strangers/
    expect(stdout).toMatch(going)
    const page = await readFile(join(folder, 'unknown.html'), 'utf8')
    expect(page).toContain('6 of 6 pictures of the classes called unknown, which counts as wrong')
    expect(page).toContain('pictures of no class called unknown')
    expect(page).toMatch(going)
    expect(page).not.toMatch(/[>✗] ?unknown, nearest to [^<]*%/)
    const [, drawn] = /svg\+xml;base64,([^"]+)"/.exec(page)!
    expect(Buffer.from(drawn!, 'base64').toString()).toContain(' is unknown, nearest to ')
    expect(page).toMatch(/alt="query\/[^"]* is unknown, nearest to [^"]+"/)
    expect(page).not.toMatch(/alt="[^"]* was taken for /)
    const some = await here(...words, '--unknown', '0.5')
    expect(some.stdout).toMatch(
      /are called unknown, which counts as wrong; of the other \d, [\d.]+ % are right\n/,
    )
    const silent = await here(
      '--support',
      'support',
      '--query',
      'query/stranger',
      ...weights,
      '--unknown',
      '1',
    )
    expect(silent.stdout).toContain('\n3 of 3 pictures are called unknown\n')
  })

  test('takes photographs of 12 megapixels, turned by EXIF, and screenshots with alpha', async () => {
    const photo = join(folder, 'photo')
    await mkdir(photo)
    for (const [kind, name] of names.entries()) {
      const large = sharp(await pattern(kind, 4)).resize(4000, 3000, { fit: 'fill' })
      await large
        .withMetadata({ orientation: 3 })
        .jpeg()
        .toFile(join(photo, `${name}.jpg`))
      await sharp(await pattern(kind, 4))
        .ensureAlpha()
        .resize(900)
        .png()
        .toFile(join(photo, `${name}.png`))
    }
    const { predictions } = await report('--support', 'support', '--query', 'photo')
    for (const { file, label } of predictions) expect(file).toContain(label)
    const byDefault = await here('--support', 'support', '--query', 'photo', '--quiet')
    expect(byDefault.stdout).toContain('6 pictures by 9 examples of 3 classes with ')
  })

  test('takes a label whole, a file once, and no example for evidence', async () => {
    for (const [kind, name] of ['A', 'B'].entries()) await write('pair', name, kind, [0, 1])
    const lines = []
    for (const [index, label] of ['A', 'N/A', 'B', 'N/A'].entries()) {
      await write('mixed', 'all', label === 'B' ? 1 : 0, [5 + index])
      lines.push(`all/${5 + index}.png,${label}`)
    }
    await writeFile(
      join(folder, 'mixed/list.csv'),
      ['filename,label', ...lines, '../pair/A/0.png,A'].join('\n'),
    )
    const words = ['--support', 'pair', '--query', 'mixed/list.csv', './mixed', 'mixed/all/5.png']
    const found = await report(...words)
    expect(found).toMatchObject({ accuracy: 1, measured: 2, otherLabels: { 'N/A': 2 }, unknown: null })
    expect(found.predictions.map(({ truth, isExample }) => [truth, isExample])).toEqual([
      ['A', undefined],
      [undefined, undefined],
      ['B', undefined],
      [undefined, undefined],
      ['A', true],
    ])
    expect(found.notes).toEqual([
      'mixed/list.csv: label "N/A" is what programs write for a missing value; leave its pictures out unless it is their class',
      'left out 1 entry: 1 no picture by its ending (.csv)',
      '4 pictures were given more than once; each file counts once',
      '2 pictures are labelled as no class (N/A (2)); accuracy leaves them out',
      '1 picture is an example itself (pair/A/0.png), whose recognition proves nothing; accuracy leaves it out',
    ])
    const unknown = await report(...words, '--unknown', '0')
    expect(unknown).toMatchObject({ measured: 4, accuracy: 0.5, otherLabels: { 'N/A': 2 } })
    const { stdout, stderr } = await here(...words, ...weights, '--report', 'mixed.html')
    expect(stdout).toMatch(/5 pictures by 4 examples of 2 classes .*\naccuracy of 2 of them 100\.00 %/)
    expect(stderr).toContain('2 pictures are labelled as no class (N/A (2))')
    expect(await readFile(join(folder, 'mixed.html'), 'utf8')).toContain(
      '2 pictures are labelled as no class',
    )
    await rm(join(folder, 'mixed.html'))
  })

  test('tells of copies among the pictures, and of tables with several splits', async () => {
    await cp(join(folder, 'query', 'fox'), join(folder, 'again', 'fox'), { recursive: true })
    const twice = await report('--support', 'support', '--query', 'query', 'again')
    expect(twice.notes).toContainEqual(
      '2 pictures are copies of others under another name (again/fox/5.png of query/fox/5.png); accuracy counts each of them',
    )
    await rm(join(folder, 'again'), { recursive: true })
    const lines = names.flatMap((name, index) => [
      `support/${name}/0.png,${name},train`,
      `support/${name}/1.png,${name},${index === 0 ? 'test' : 'train'}`,
    ])
    await writeFile(join(folder, 'parts.csv'), ['filename,label,split', ...lines, ''].join('\n'))
    const parts = await report('--support', 'parts.csv', '--query', 'query/fox')
    expect(parts.notes).toContainEqual(
      'parts.csv: pictures of all of its splits are taken (5 of train, 1 of test); leave lines out if only those of one are meant',
    )
  })

  test('reads archives of examples and of pictures, with a page of them', async () => {
    const zip = new ZipFile()
    for (const name of names) {
      for (const number of [5, 6])
        zip.addBuffer(await pattern(names.indexOf(name), number), `new/${name}/${number}.png`)
    }
    zip.addBuffer(await pattern(0, 0), 'new/fox/the example.png')
    zip.end()
    await writeFile(join(folder, 'photos.zip'), await buffer(zip.outputStream))
    const words = ['--support', 'support', '--query', 'photos.zip', 'photos.zip']
    const { accuracy, measured, predictions } = await report(...words, '--report', 'zip.html')
    expect({ accuracy, measured }).toEqual({ accuracy: 1, measured: 6 })
    expect(predictions[0]).toMatchObject({ file: 'photos.zip: new/fox/5.png', truth: 'fox' })
    const page = await readFile(join(folder, 'zip.html'), 'utf8')
    expect(page.match(/src="data:image\/webp;base64,/g)!.length).toBeGreaterThanOrEqual(7)
    await rm(join(folder, 'zip.html'))
    const other = await report('--support', 'photos.zip', '--query', 'support/fox/0.png', 'query/fox')
    expect(other).toMatchObject({ classes: { fox: 3 } })
    expect(other.predictions.map(({ isExample }) => isExample)).toEqual([true, true, true])
  })

  test('answers where one class alone has a second example, and refuses only to tell unknown pictures', async () => {
    await write('second', 'hen', 0, [0, 1, 2])
    await write('second', 'owl', 1, [0])
    const words = ['--support', 'second', '--query', 'query', '--weights', 'emoji-conv64f']
    const { exitCode, stdout, stderr } = await here(...words, '--json', '--quiet')
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ classes: { hen: 3, owl: 1 }, unknown: null })
    const refused = await here(...words, '--unknown', 'auto', '--quiet')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('1 of 2 classes have more than one example')
  })

  test('goes on without examples that cannot be read, and refuses a class that has no other', async () => {
    for (const [kind, name] of ['hen', 'owl'].entries()) await write('partly', name, kind, [0, 1, 2])
    await writeFile(join(folder, 'partly/owl/0.png'), 'no picture')
    const words = ['--support', 'partly', '--query', 'partly/hen/1.png', ...weights]
    const { exitCode, stdout, stderr } = await here(...words, '--json', '--quiet')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^m2l: 1 example could not be read and was left out: partly\/owl\/0\.png: is not /)
    expect(JSON.parse(stdout)).toMatchObject({
      classes: { hen: 3, owl: 2 },
      predictions: [{ file: 'partly/hen/1.png', label: 'hen', truth: 'hen', isExample: true }],
      accuracy: null,
      unreadableExamples: [{ file: 'partly/owl/0.png', label: 'owl' }],
    })
    for (const name of ['1.png', '2.png'])
      await writeFile(join(folder, 'partly/owl', name), 'no picture either')
    const refused = await here(...words, '--quiet')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(
      /^m2l: class owl: none of its 3 examples can be read: partly\/owl\/0\.png: /,
    )
  })

  test('prints more of the probable classes where it is asked to', async () => {
    const asked = ['--support', 'support', '--query', 'query/fox']
    const words = [...asked, ...weights]
    const all = await report(...asked)
    for (const { label, probability, probabilities } of all.predictions) {
      expect(probabilities[0]).toEqual({ label, probability })
      expect(probabilities.map((one) => one.label).toSorted()).toEqual(names.toSorted())
      expect(probabilities.reduce((sum, one) => sum + one.probability, 0)).toBeCloseTo(1, 5)
      const values = probabilities.map((one) => one.probability)
      expect(values).toEqual(values.toSorted((a, b) => b - a))
    }
    const two = await report(...asked, '--top', '2')
    expect(two.predictions.map(({ probabilities }) => probabilities)).toEqual(
      all.predictions.map(({ probabilities }) => probabilities.slice(0, 2)),
    )
    expect((await here(...words, '--top', '2', '--csv')).stdout).toMatch(
      /^file,.*,truth,class 1,probability 1,class 2,probability 2\nquery\/fox\/5\.png,fox,.*,fox,fox,0\.\d+,[^,]+,0\.\d+\n/,
    )
    expect((await here(...words, '--top', '9')).stdout).toMatch(
      /next \(%\).*\n.*fox .* \d+\.\d\d, .* \d+\.\d\d/s,
    )
  })

  test('classifies what can be read and says what cannot', async () => {
    await mkdir(join(folder, 'damaged'))
    await copyFile(join(folder, 'query/fox/5.png'), join(folder, 'damaged/a.png'))
    await writeFile(join(folder, 'damaged/b.png'), 'no picture')
    const { exitCode, stdout, stderr } = await here(
      '--support',
      'support',
      '--query',
      'damaged',
      ...weights,
      '--json',
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /^support: left out 1 entry: 1 hidden or left by a system \(\.DS_Store\)\naccuracy is not measured: no folder .*\nm2l: 1 picture could not be read and was left out: damaged\/b\.png: is not a picture .*\n$/,
    )
    const { predictions, unreadable } = JSON.parse(stdout) as Report
    expect(predictions.map(({ label }) => label)).toEqual(['fox'])
    expect(unreadable).toMatchObject([{ file: 'damaged/b.png' }])
  })

  test.each(['query', 'support'])('names a picture of the %s that is too small', async (role) => {
    const ofClass = join(folder, `small-${role}/fox`)
    await cp(join(folder, 'support'), join(folder, `small-${role}`), { recursive: true })
    await sharp({ create: { width: 900, height: 2, channels: 3, background: 'red' } })
      .png()
      .toFile(join(ofClass, 'thin.png'))
    const given = { support: 'support', query: 'query/fox/5.png', [role]: `small-${role}` }
    const { exitCode, stderr } = await here('--support', given.support, '--query', given.query, ...weights)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`small-${role}/fox/thin.png: a picture of 2 pixels a side is too small`)
  })

  test.each([
    [
      ['--support', 'lonely', '--query', 'query'],
      /lonely: holds only one class \(fox\); expected a folder for each/,
    ],
    [['--support', 'hollow', '--query', 'query'], /hollow: class "empty" holds no images/],
    [['--support', 'support/fox', '--query', 'query'], /0\.png: lies outside any class folder/],
    [['--support', 'nowhere', '--query', 'query'], /nowhere: does not exist/],
    [['--support', 'support', '--query', 'void'], /void: no pictures to classify/],
    [['--support', 'single', '--query', 'query', '--unknown', 'auto'], /there is one image a class/],
    [['--support', 'named', '--query', 'query', '--unknown', 'auto'], /a class is called unknown/],
    [['--support', 'support', '--query', 'query', '--unknown', '2'], /expected auto or a number from 0 to 1/],
    [
      ['--support', 'support', '--query', 'query', '--weights', 'emoji-conv64'],
      /did you mean emoji-conv64f\?/,
    ],
    [['--support', 'support', '--query', 'query', '--json', '--csv'], /cannot be used with option/],
    [['--support', 'support'], /required option '--query <path\.\.\.>' not specified/],
  ])('%j is refused in one line', async (words, message) => {
    await write('lonely', 'fox', 0, [0])
    await write('hollow', 'fox', 0, [0])
    await mkdir(join(folder, 'hollow', 'empty'), { recursive: true })
    await mkdir(join(folder, 'void'), { recursive: true })
    for (const [kind, name] of ['fox', 'hen'].entries()) await write('single', name, kind, [0])
    for (const [kind, name] of ['fox', 'unknown'].entries()) await write('named', name, kind, [0, 1])
    const named = words.includes('--weights') ? words : [...words, ...weights]
    const { exitCode, stdout, stderr } = await here(...named, '--quiet')
    expect({ exitCode, stdout, lines: stderr.split('\n').length - 1 }, stderr).toEqual({
      exitCode: 2,
      stdout: '',
      lines: 1,
    })
    expect(stderr).toMatch(message)
  })

  test('names the examples that the others take for another class', async () => {
    for (const [kind, name] of ['hen', 'owl'].entries()) await write('sorted', name, kind, [0, 1, 2])
    await copyFile(join(folder, 'sorted/owl/1.png'), join(folder, 'sorted/hen/from owls.png'))
    const words = ['--support', 'sorted', '--query', 'query/fox/5.png']
    const { leaveOneOut } = await report(...words)
    expect(leaveOneOut).toMatchObject({
      images: 7,
      accuracy: 6 / 7,
      mistakes: [{ file: 'sorted/hen/from owls.png', truth: 'hen', label: 'owl' }],
    })
    const { stdout } = await here(...words, ...weights)
    expect(stdout).toContain('not recognised: sorted/hen/from owls.png (hen, taken for owl)')
  })

  test('writes a page with pictures where it is asked to', async () => {
    const { exitCode, stderr } = await here(
      '--support',
      'support',
      '--query',
      'query',
      ...weights,
      '--unknown',
      '.5',
      '--report',
      'found.html',
    )
    expect(exitCode).toBe(0)
    expect(stderr.split('\n').slice(-2)).toEqual(['page found.html', ''])
    const page = await readFile(join(folder, 'found.html'), 'utf8')
    expect(page).toMatch(/<title>Classified pictures<\/title>/)
    for (const name of [...names, 'unknown', 'AUROC of familiarity', 'accuracy']) expect(page).toContain(name)
    expect(page.match(/src="data:image\/webp;base64,/g)!.length).toBeGreaterThanOrEqual(9 + 9)
    expect(page).not.toMatch(/src="(?!data:)/)
    const drawings = [
      ...page.matchAll(
        /src="data:image\/svg\+xml;base64,([^"]+)" alt="query\/[^"]* (?:was taken for|is unknown, nearest to) /g,
      ),
    ]
    expect(drawings).toHaveLength(3)
    for (const [, drawing] of drawings) expect(Buffer.from(drawing!, 'base64').toString()).toMatch(/^<svg/)
    const refused = await here(
      '--support',
      'support',
      '--query',
      'query',
      ...weights,
      '--report',
      'no/found.html',
    )
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(
      /no\/found\.html: expected a file to write the page to, but its folder does not exist/,
    )
    await rm(join(folder, 'found.html'))
  })

  test('calls classes by names from a file beside the examples, labels staying keys', async () => {
    for (const [kind, name] of ['n01', 'n02', 'n03'].entries()) {
      await write('named set/examples', name, kind, [0, 1])
      await write('named set/photos', name, kind, [5])
    }
    await writeFile(join(folder, 'named set/words.txt'), 'n01\tcrane\nn02\tcrane\nn04\tnothing\n')
    const words = ['--support', 'named set/examples', '--query', 'named set/photos']
    const { stdout, stderr } = await here(...words, ...weights, '--report', 'named.html')
    expect(stderr).toContain('words.txt: names 2 classes')
    expect(stderr).toContain('words.txt: also names 1 class that is not there ("n04")')
    expect(stderr).toContain('words.txt: does not name 1 class ("n03")')
    expect(stdout).toMatch(/crane \(n01\).*100\.00[^]*crane \(n02\).*100\.00[^]*n03 .*100\.00/)
    const page = await readFile(join(folder, 'named.html'), 'utf8')
    for (const text of ['crane (n01)', 'crane (n02)', '>n03<']) expect(page).toContain(text)
    const { predictions, displayNames, perClass } = await report(...words)
    expect(displayNames).toEqual({ n01: 'crane', n02: 'crane' })
    expect(perClass).toEqual({ n01: 1, n02: 1, n03: 1 })
    expect(predictions.map(({ label, displayName }) => [label, displayName])).toEqual([
      ['n01', 'crane'],
      ['n02', 'crane'],
      ['n03', undefined],
    ])
    const csv = (await here(...words, ...weights, '--csv')).stdout.split('\n')
    expect(csv[0]).toBe('file,label,probability,part,pixel,global,name,truth')
    expect(csv[1]).toMatch(/,n01,0\.\d+,.*,crane,n01$/)
    const refused = await here(...words, ...weights, '--labels', 'support/fox/0.png', '--quiet')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    await writeFile(join(folder, 'strange.csv'), 'a,b\n')
    const other = await here(...words, ...weights, '--labels', 'strange.csv', '--quiet')
    expect(other.stderr).toBe(
      'm2l: strange.csv: names none of the classes; it has "a", the classes are "n01", "n02", "n03"\n',
    )
  })

  test('shows the doubtful first, with names that are seen, and examples that were mistaken', async () => {
    for (const [kind, name] of ['hen', 'owl'].entries()) {
      await write('doubt/examples', name, kind, [0, 1, 2])
      await write('doubt/photos', name, kind, [3, 4, 5, 6, 7, 8])
    }
    await copyFile(join(folder, 'doubt/examples/owl/1.png'), join(folder, 'doubt/examples/hen/9.png'))
    await copyFile(join(folder, 'doubt/photos/owl/8.png'), join(folder, 'doubt/photos/hen/a mistake.png'))
    const words = ['--support', 'doubt/examples', '--query', 'doubt/photos', ...weights]
    const { stdout } = await here(...words, '--report', 'doubt.html', '--json', '--quiet')
    const { predictions } = JSON.parse(stdout) as Report
    const page = await readFile(join(folder, 'doubt.html'), 'utf8')
    const section = (title: string) => page.split('<h2>').find((part) => part.startsWith(title))!
    const captions = [
      ...section('What was found, the doubtful first').matchAll(/<li class="(right|wrong)">[^]*?<\/li>/g),
    ].map(([item]) => [...item!.matchAll(/<bdi>([^<]*)<\/bdi>/g)].map(([, line]) => line!))
    expect(captions).toHaveLength(13)
    const ofOwl = predictions.filter(({ label }) => label === 'owl')
    const doubtful = ofOwl
      .toSorted(
        (a, b) => Number(a.truth === 'owl') - Number(b.truth === 'owl') || a.probability - b.probability,
      )
      .map(({ file }) =>
        file.endsWith('a mistake.png') ? 'a mistake.png' : file.slice('doubt/photos/'.length),
      )
    expect(captions.slice(-ofOwl.length).map((lines) => lines.at(-1))).toEqual(doubtful)
    expect(captions.find((lines) => lines.includes('is hen'))).toContain('a mistake.png')
    expect(section('Examples that the others take for another class')).toMatch(
      /owl [\d.]+\u{A0}%[^]*given as hen[^]*9\.png/u,
    )
    const [, ...rows] = section('All pictures').split('<tr>').slice(1)
    expect(rows).toHaveLength(13)
    expect(rows[0]).toContain('a mistake.png')
  })

  test('writes nothing else', async () => {
    const before = await readdir(folder)
    await here('--support', 'support', '--query', 'query', ...weights, '--quiet')
    expect(await readdir(folder)).toEqual(before)
  })
})

describe('m2l weights list', () => {
  test('shows the cards of what is shipped', async () => {
    const shown = await m2lHere(folder, 'weights', 'list')
    expect(shown.stdout).toMatch(
      /emoji-conv64f\n.*\n +use .*\n +data .*\n +training .*licence .*5-way 1-shot .*fused .*±/s,
    )
    const { weights: cards } = JSON.parse((await m2lHere(folder, 'weights', 'list', '--json')).stdout) as {
      weights: { name: string; seed: number; accuracy: unknown[] }[]
    }
    expect(cards.map(({ name }) => name)).toEqual([
      'cifar-fs-conv64f',
      'emoji-conv64f',
      'fc100-conv64f',
      'flowers-conv64f',
      'omniglot-conv64f',
    ])
  })
})
