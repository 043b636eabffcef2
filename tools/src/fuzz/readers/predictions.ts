import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomKey } from '@m2l/engine'
import { compareResults } from '@m2l/m2l'
import { manifestHash, sampleManifest, writeManifest } from '@m2l/samplers'
import { changed } from '../forms.js'
import type { Reader } from '../reader.js'
import { fewClasses } from './manifest.js'

/** What evaluations leave to be compared. */
export const predictions: Reader = {
  name: 'predictions',
  share: 20,
  async open(folder) {
    const drawn = sampleManifest('animals', fewClasses, {
      ways: 3,
      shots: 1,
      queries: 2,
      episodes: 4,
      key: randomKey(1),
    })
    const header = {
      format: 'm2l-predictions',
      version: 1,
      recipe: 'x',
      checkpoint: 'best',
      dataset: 'animals',
      split: 'test',
      classNames: fewClasses.classes.map(({ name }) => name),
      manifestHash: manifestHash(drawn),
      accuracy: { fused: 0.5, pixel: 0.25 },
    }
    const row = JSON.stringify({ fused: [0, 0, 1, 1, 2, 2], pixel: [0, 1, 1, 2, 2, 0] })
    const valid = [JSON.stringify(header), row, row, row, row, ''].join('\n')
    const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string]
    for (const run of [a, b]) {
      mkdirSync(run)
      await writeManifest(join(run, 'test-manifest.jsonl'), drawn)
      writeFileSync(join(run, 'predictions.jsonl'), valid)
    }
    const file = join(a, 'predictions.jsonl')
    return {
      forms: [changed([readFileSync(file)])],
      read(input) {
        writeFileSync(file, input)
        return compareResults(a, b, { permutations: 20 })
      },
    }
  },
}
