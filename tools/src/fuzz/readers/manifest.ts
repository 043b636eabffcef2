import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageSplit } from '@m2l/datasets'
import { randomKey } from '@m2l/engine'
import { assertManifestMatches, readManifest, sampleManifest, writeManifest } from '@m2l/samplers'
import { sha256 } from '../containers.js'
import { changed } from '../forms.js'
import type { Reader } from '../reader.js'

/** A split of a few classes of a few pictures. */
export const fewClasses: ImageSplit = {
  name: 'test',
  classes: ['ant', 'bee', 'cow', 'dog', 'eel'].map((name) => ({
    name,
    images: Array.from({ length: 9 }, (_, image) => ({ id: `${name}/${image}.png` })),
  })),
  hash: 'a'.repeat(64),
}

/** Puts the checksum right that the header of a manifest names. */
export function mendManifest(text: Buffer): Buffer {
  const [first = '', ...lines] = text.toString('utf8').split('\n')
  try {
    const { sha256: _sha256, ...description } = JSON.parse(first) as Record<string, unknown>
    const content = [JSON.stringify(description), ...lines.slice(0, -1)].join('\n')
    return Buffer.from([JSON.stringify({ ...description, sha256: sha256(content) }), ...lines].join('\n'))
  } catch {
    return text
  }
}

/** Episode manifests, supervised and semi-supervised. */
export const manifest: Reader = {
  name: 'manifest',
  share: 60,
  async open(folder) {
    const file = join(folder, 'manifest.jsonl')
    const shape = { ways: 3, shots: 1, queries: 2, episodes: 4, key: randomKey(1) }
    const unlabelled = { perClass: 2, distractorClasses: 1, labelledShare: 0.5, divisionKey: randomKey(2) }
    const seeds: Buffer[] = []
    for (const options of [shape, { ...shape, shots: [1, 2, 1] }, { ...shape, unlabelled }]) {
      await writeManifest(file, sampleManifest('animals', fewClasses, options))
      seeds.push(await readFile(file))
    }
    return {
      forms: [changed(seeds), changed(seeds, mendManifest), changed(seeds, mendManifest)],
      async read(input) {
        writeFileSync(file, input)
        assertManifestMatches(await readManifest(file), fewClasses)
      },
    }
  },
}
