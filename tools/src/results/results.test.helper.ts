import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ResultCard } from '@m2l/m2l'
import { markers } from './markdown.js'

const hash = (digit: string) => digit.repeat(64)

/** A card with some numbers. */
export function cardWith(changes: Partial<ResultCard> = {}): ResultCard {
  return {
    format: 'm2l-card',
    version: 1,
    recipe: { name: 'ProtoNet_N5K1_Conv64F-4x', sha256: hash('1') },
    seed: 1,
    data: { name: 'toys', split: 'test', sha256: hash('2'), classes: 8, images: 80 },
    episodes: { manifest: hash('3'), count: 2000, ways: 5, shots: 1, queries: 15 },
    weights: { sha256: hash('4'), parameters: 100 },
    code: { version: '0.1.0', commit: 'abcdef0123456789', modified: false },
    engine: {
      backend: 'tensorflow',
      tensorflow: '2.21.0',
      device: 'cpu',
      threads: 2,
      precision: 'f32',
      node: '20.20.2',
    },
    differences: [],
    notes: [],
    accuracy: { fused: 0.5, global: 0.5 },
    interval95: { fused: 0.004, global: 0.004 },
    paired: [],
    seconds: 12.3,
    peakMib: 500,
    training: null,
    pretraining: null,
    ...changes,
  }
}

export const plan = `precision: { training: bf16, evaluation: f32 }
runs:
  - { recipe: toys/ProtoNet_N5K1_Conv64F-4x, seeds: [1, 2] }
  - { recipe: toys/M2L_N5K1_Conv64F-4x, against: toys/ProtoNet_N5K1_Conv64F-4x }
  - { recipe: toys/M2L_N20K1_Conv64F-4x }
ablations:
  of: toys/M2L_N5K1_Conv64F-4x
  variants:
    - { group: levels, name: pixel and part, set: [model.levels.global.weight=0] }
    - { group: graph, name: class, set: [model.levels.part.graph=class], train: true }
`

/** Writes files below a folder, and a repository's bare minimum around them. */
export async function writeResults(root: string, cards: Readonly<Record<string, ResultCard>>): Promise<void> {
  const files = {
    'results/plan.yaml': plan,
    'README.md': `# Toys\n\nBefore.\n\n${markers.start}\n\n${markers.end}\n\nAfter.\n`,
    ...Object.fromEntries(
      Object.entries(cards).map(([id, card]) => [`results/cards/${id}.json`, JSON.stringify(card)]),
    ),
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
}
