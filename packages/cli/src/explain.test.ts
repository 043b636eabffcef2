import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ClassificationReport, ExplanationReport } from '@m2l/m2l'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { learnableFolder, m2lHere, pattern } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
  const quick = ['train.epochs=1', 'val.episode=2', '--quiet']
  await m2lHere(folder, 'train', '--cfg', 'm2l.yaml', ...quick)
  await m2lHere(folder, 'evaluate', '--cfg', 'm2l.yaml', '--quiet')
})

async function explained(...words: string[]): Promise<ExplanationReport> {
  const { exitCode, stdout, stderr } = await m2lHere(folder, 'explain', ...words, '--json', '--quiet')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout) as ExplanationReport
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

describe('m2l explain', () => {
  test('explains what an evaluation predicted: scores as sums over places of the pictures', async () => {
    const episode = ['--cfg', 'm2l.yaml', '--episode', '1', '--query', '0', '3', '5', '--out', 'why']
    const { explanations } = await explained(...episode, '--classes', '3')
    const lines = await readFile(join(folder, 'runs/patterns/m2l/predictions.jsonl'), 'utf8')
    const predictions = JSON.parse(lines.split('\n')[2]!) as Record<string, number[]>
    for (const [index, { predicted, truth, probabilities, levels }] of explanations.entries()) {
      const query = [0, 3, 5][index]!
      const names = probabilities.map((one) => one.class)
      expect(names.indexOf(predicted)).toBe(predictions.fused![query])
      expect(names.indexOf(truth!)).toBe(Math.floor(query / 2))
      expect(sum(probabilities.map(({ probability }) => probability))).toBeCloseTo(1, 5)
      expect(levels.map(({ name }) => name)).toEqual(['part', 'pixel', 'global'])
      for (const { name, classes } of levels) {
        const scores = classes.map(({ score }) => score)
        expect(scores.indexOf(Math.max(...scores))).toBe(predictions[name]![query])
        for (const { score, lead, origin } of classes) {
          for (const { pictures, rest } of [origin!.query, origin!.support]) {
            const places = pictures.flatMap((picture) => picture.places)
            expect(rest + sum(places.map(({ contribution }) => contribution))).toBeCloseTo(score, 3)
            expect(sum(places.map(({ evidence }) => evidence))).toBeCloseTo(lead, 3)
            for (const { region } of places) {
              expect(region.top).toBeGreaterThanOrEqual(0)
              expect(region.right).toBeLessThanOrEqual(1)
            }
          }
        }
      }
    }
    expect(await readdir(join(folder, 'why'))).toEqual([
      ...[0, 3, 5].flatMap((query) => ['jpg', 'svg'].map((ending) => `episode-1-query-${query}.${ending}`)),
      'index.html',
    ])
    for (const { jpeg } of explanations)
      expect((await sharp(join(folder, jpeg)).metadata()).format).toBe('jpeg')
  })

  test('explains pictures by folders of examples, with the recipe that lies in the weights', async () => {
    const words = ['--support', 'patterns/test', '--weights', 'runs/patterns/m2l/best.safetensors']
    const query = ['--query', 'patterns/test/test-0/3.png', 'patterns/val/val-1/3.png']
    const { explanations, weights } = await explained(...words, ...query, '--out', 'pictures')
    expect(weights).toBe('runs/patterns/m2l/best.safetensors')
    expect(explanations.map(({ query: file, jpeg }) => [file, jpeg])).toEqual([
      ['patterns/test/test-0/3.png', join('pictures', '3.jpg')],
      ['patterns/val/val-1/3.png', join('pictures', '3-2.jpg')],
    ])
    const [first] = explanations
    // The picture is one of the examples itself: at pixel level nothing is nearer.
    const pixel = first!.levels.find(({ name }) => name === 'pixel')!
    expect(pixel.classes[0]!.score).toBe(Math.max(...pixel.classes.map(({ score }) => score)))
    const shown = await m2lHere(folder, 'explain', ...words, ...query, '--out', 'pictures')
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain(
      '2 queries with runs/patterns/m2l/best.safetensors; an .svg lies beside each .jpg',
    )
    expect(shown.stdout).toContain(`page ${join('pictures', 'index.html')}`)
  })

  test('leads to the drawings from a page, wrong and doubtful ones first', async () => {
    for (const [index, place] of ['test-0', 'test-1', 'test-2', 'test-0'].entries()) {
      await mkdir(join(folder, 'few', place), { recursive: true })
      await writeFile(join(folder, 'few', place, `${index}.png`), await pattern(16 + index, 5))
    }
    const words = ['--support', 'patterns/test', '--weights', 'runs/patterns/m2l/best.safetensors']
    const { explanations, page } = await explained(...words, '--query', 'few', '--out', 'many')
    const text = await readFile(join(folder, page!), 'utf8')
    const [head, ...rows] = [...text.matchAll(/<tr>([^]*?)<\/tr>/g)].map(([, row]) => row!)
    const cells = (row: string) =>
      [...row.matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map(([, cell]) =>
        cell!.replaceAll(/<[^]*?>/g, '').trim(),
      )
    expect(cells(head!)).toEqual([
      'picture',
      'file',
      'taken for',
      '%',
      'ahead (%)',
      'is',
      'result',
      'drawing',
    ])
    expect(rows).toHaveLength(4)
    const results = rows.map((row) => cells(row)[6]!)
    expect(results).toContain('✗ wrong')
    expect(results).toEqual([
      ...results.filter((result) => result === '✗ wrong'),
      ...results.filter((result) => result === '✓ right'),
    ])
    for (const result of new Set(results)) {
      const ahead = rows
        .map(cells)
        .filter((row) => row[6] === result)
        .map((row) => Number(row[4]))
      expect(ahead).toEqual(ahead.toSorted((x, y) => x - y))
    }
    for (const row of rows) {
      const [, file, ...told] = cells(row)
      const of = explanations.find(({ query }) => query === file)!
      const likeliest = Math.max(...of.probabilities.map(({ probability }) => probability))
      expect(told.slice(0, 2)).toEqual([of.predicted, (100 * likeliest).toFixed(1)])
      const links = [...row.matchAll(/href="([^"]+)"/g)].map(([, link]) => link)
      expect(links).toEqual([of.svg, of.svg, of.jpeg].map((path) => `./${basename(path)}`))
      const [, alt, thumbnail] = /alt="([^"]*)"/.exec(row)!.concat(/base64,([^"]+)/.exec(row)![1]!) as [
        string,
        string,
        string,
      ]
      expect(alt).toBe(`Why ${of.query}`)
      expect((await sharp(Buffer.from(thumbnail, 'base64')).metadata()).width).toBeLessThanOrEqual(96)
    }
  })

  test('calls classes by their names on the terminal, the page and the drawings, and keeps labels as keys', async () => {
    await writeFile(join(folder, 'names.csv'), 'test-0,coral\ntest-1,"<reef> & co"\ntest-2,coral\n')
    const words = ['--support', 'patterns/test', '--weights', 'runs/patterns/m2l/best.safetensors']
    const query = ['--query', 'patterns/test/test-1/1.png', '--out', 'named', '--classes', '8', '--quiet']
    const { stdout } = await m2lHere(folder, 'explain', ...words, ...query, '--labels', 'names.csv')
    expect(stdout).toContain('│ <reef> & co')
    const { explanations, displayNames, page } = await explained(
      ...words,
      ...query.slice(0, -1),
      '--labels',
      'names.csv',
    )
    expect(explanations[0]).toMatchObject({ predicted: 'test-1' })
    expect(displayNames).toEqual({ 'test-0': 'coral', 'test-1': '<reef> & co', 'test-2': 'coral' })
    expect(await readFile(join(folder, page!), 'utf8')).toContain('<td>&lt;reef&gt; &amp; co</td>')
    const drawing = await readFile(join(folder, explanations[0]!.svg), 'utf8')
    for (const name of ['&lt;reef> &amp; co', 'coral (test-0)', 'coral (test-2)', 'test-3'])
      expect(drawing.replaceAll('&#x3C;', '&lt;').replaceAll('&#x26;', '&amp;')).toContain(`>${name}<`)
  })

  test('replaces a page of drawings, and no other', async () => {
    await mkdir(join(folder, 'site'))
    await writeFile(join(folder, 'site/index.html'), '<title>My own</title>')
    const words = ['--support', 'patterns/test', '--weights', 'runs/patterns/m2l/best.safetensors']
    const refused = await m2lHere(
      folder,
      'explain',
      ...words,
      '--query',
      'patterns/test/test-0/1.png',
      '--out',
      'site',
      '--quiet',
    )
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toBe(
      'm2l: site/index.html: is there already and is no page of drawings; name another folder for them\n',
    )
    expect(await readdir(join(folder, 'site'))).toEqual(['index.html'])
  })

  test('names pictures that cannot be read on the page, too', async () => {
    await writeFile(join(folder, 'broken.png'), 'no picture')
    const words = ['--support', 'patterns/test', '--weights', 'runs/patterns/m2l/best.safetensors']
    const query = ['--query', 'broken.png', 'patterns/test/test-0/1.png']
    const { exitCode, stderr } = await m2lHere(
      folder,
      'explain',
      ...words,
      ...query,
      '--out',
      'half',
      '--quiet',
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/broken\.png/)
    expect(await readdir(join(folder, 'half'))).toEqual(['1.jpg', '1.svg', 'index.html'])
    expect(await readFile(join(folder, 'half/index.html'), 'utf8')).toMatch(
      /Not read[^]*<td>broken\.png<\/td>\s*<td>broken\.png: is not a picture/,
    )
  })

  test('explains heads that are fitted to the examples by what pulls, and says how they were chosen', async () => {
    const by = ['--support', 'patterns/test', '--weights', 'emoji-conv64f', '--head', 'centred']
    const words = [...by, '--features', 'Centre', '--query', 'patterns/test/test-0/1.png']
    const { explanations, notes } = await explained(...words, '--out', 'fitted')
    expect(notes[0]).toContain('rules fitted to the examples')
    const classified = await m2lHere(folder, 'classify', ...words, '--json', '--quiet')
    const [prediction] = (JSON.parse(classified.stdout) as ClassificationReport).predictions
    expect(explanations[0]!.predicted).toBe(prediction!.label)
    for (const { classes } of explanations[0]!.levels) {
      for (const { score, origin } of classes.filter((one) => one.origin)) {
        expect(origin!.gradient).toBe(true)
        for (const { pictures, rest } of [origin!.query, origin!.support]) {
          expect(rest).toBeCloseTo(score, 4)
          for (const { places } of pictures)
            expect(sum(places.map(({ contribution }) => contribution))).toBeCloseTo(0, 4)
        }
      }
    }
    const drawing = await readFile(join(folder, explanations[0]!.svg), 'utf8')
    expect(drawing).toContain('they sum to nothing')
    const told = await m2lHere(folder, 'explain', ...words, '--out', 'fitted', '--verbose')
    expect(told.stderr).toMatch(/^reading examples \d+\/\d+/m)
  })

  test('names a level that does not explain', async () => {
    await writeFile(
      join(folder, 'silent-level.mjs'),
      `const schema = { strict: () => schema, safeParse: (data) => ({ success: true, data }), shape: {} }
      export default {
        name: 'silent', options: schema,
        create: () => ({ name: 'silent', needs: ['map'], state: {},
          scores: ({ map, shots }, query) => query.map.mean([1, 2]).slice([0, 0], [-1, shots.length]) }),
      }`,
    )
    const silent = ['model.imports=[./silent-level.mjs]', 'model.levels={silent: {}, pixel: {}}']
    const trained = ['train.epochs=1', 'val.episode=2', 'run.folder=runs/silent', ...silent]
    const training = await m2lHere(folder, 'train', '--cfg', 'm2l.yaml', ...trained, '--quiet')
    expect(training).toMatchObject({ exitCode: 0, stderr: '' })
    const words = ['--support', 'patterns/test', '--query', 'patterns/test/test-1/1.png', '--out', 'silent']
    const { stdout, exitCode } = await m2lHere(folder, 'explain', '--cfg', 'm2l.yaml', ...trained, ...words)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('level silent does not tell where its scores come from')
  })

  test.each([
    [
      ['--query', 'a.png', '--out', 'x'],
      'm2l: expected --support with a folder of examples, or --episode with the number of an evaluated episode',
    ],
    [
      ['--episode', '0', '--query', '0', '--out', 'x'],
      'm2l: --episode 0: expected --cfg with the recipe that was evaluated',
    ],
    [
      ['--cfg', 'm2l.yaml', '--episode', '0', '--query', 'a.png', '--out', 'x'],
      'm2l: --query a.png: expected the number of a query of episode 0, from 0; for pictures name their examples with --support',
    ],
    [
      ['--cfg', 'm2l.yaml', '--episode', '0', '--query', '0', '--head', 'ridge', '--out', 'x'],
      'm2l: --head ridge: goes with --support; an episode is compared as its recipe says',
    ],
    [
      ['--support', 'patterns/test', '--query', 'patterns/test', '--head', 'rigde', '--out', 'x'],
      expect.stringContaining('m2l: head rigde: there is no level of this name'),
    ],
    [
      ['--cfg', 'm2l.yaml', '--episode', '99', '--query', '0', '--out', 'x'],
      'm2l: runs/patterns/m2l/test-manifest.jsonl: there is no episode 99; expected 0 to 9',
    ],
    [
      ['--cfg', 'm2l.yaml', '--episode', '0', '--query', '6', '--out', 'x'],
      'm2l: runs/patterns/m2l/test-manifest.jsonl: episode 0 has no query 6; expected 0 to 5',
    ],
    [
      ['--cfg', 'm2l.yaml', '--support', 'patterns/test/test-0', '--query', 'm2l.yaml', '--out', 'x'],
      'm2l: patterns/test/test-0/0.png: lies outside any class folder; put each class’s images into a folder',
    ],
    [
      ['--cfg', 'm2l.yaml', '--episode', '0', '--query', '0', '--out', 'm2l.yaml'],
      'm2l: m2l.yaml: expected a folder for drawings, but it cannot be made (EEXIST); name another',
    ],
  ])('refuses %j', async (words, message) => {
    const { exitCode, stdout, stderr } = await m2lHere(folder, 'explain', ...words, '--quiet')
    expect({ exitCode, stdout, stderr: stderr.trimEnd().replaceAll("'", '’') }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: message,
    })
    expect(await readdir(folder)).not.toContain('x')
  })
})
