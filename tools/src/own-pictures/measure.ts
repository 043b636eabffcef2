import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { ListedImage } from '@m2l/datasets'
import { randomKey } from '@m2l/engine'
import { FewShotClassifier, type GivenImage } from '@m2l/m2l'
import { openClassPictures } from './class-pictures.js'
import { measureClassifier, type Choices, type MeasureOptions } from './classifiers.js'
import { drawClasses, drawnPictures, mostShots, type Draw } from './draws.js'
import { heads, measureHead, type HeadName } from './heads.js'
import type { Outcomes } from './outcome.js'
import { measurePeer, type Peer, type PeerResult } from './peer.js'
import { lastMapOf, pooledFeatures } from './pooled-features.js'

/** What is measured on each folder. */
export interface MeasureSettings {
  readonly draws: number
  readonly ways: number
  readonly queries: number
  readonly seed: number
  /** What ours is made of. */
  readonly chosen: string
  /** The network of the single heads. */
  readonly weights: string
  /** Weights that are measured with the levels that they were trained with. */
  readonly shipped: readonly string[]
  readonly peer?: Peer
}

/** Who answers: ours as it is chosen, a single head of ours, shipped weights, or the peer's. */
export type SideKind = 'chosen' | 'head' | 'shipped' | 'peer'

/** A side, and what it made of the draws. */
export interface Side {
  readonly name: string
  readonly kind: SideKind
  readonly outcomes: Outcomes
}

/** What was measured on a folder. */
export interface FolderResult {
  readonly folder: string
  readonly classes: number
  readonly pictures: number
  /** The pictures that a draw asks for: the least and the most of any. */
  readonly queries: readonly [least: number, most: number]
  readonly sides: readonly Side[]
  /** In how many draws ours chose what. */
  readonly choices: Choices
  readonly speed: {
    /** Of each draw with the most examples, as chosen: seconds and pictures a second. */
    readonly chosen: { readonly seconds: readonly number[]; readonly picturesPerSecond: readonly number[] }
    /** The network of the single heads: pictures a second with reading, the best of its measurements. */
    readonly features: number
    readonly peer: PeerResult['speed'] | null
  }
  readonly peerVersions: PeerResult['versions'] | null
  readonly notes: readonly string[]
}

/**
 * Measures all sides on a folder or archive of class folders.
 *
 * @param onProgress told what is done, a line each
 * @throws {InputError} when it has too few classes or pictures, weights cannot be used, a picture cannot be
 *   read or the peer fails
 */
export async function measureFolder(
  path: string,
  settings: MeasureSettings,
  onProgress: (line: string) => void,
): Promise<FolderResult> {
  const { ways, queries, weights, peer } = settings
  const pictures = await openClassPictures(path, ways, mostShots + 1)
  const told = (what: string) => (done: number, total: number) =>
    onProgress(`${path}: ${what}, ${done} of ${total}`)
  try {
    const sizes = new Map([...pictures.classes].map(([label, images]) => [label, images.length]))
    const all = [...pictures.classes.values()].flat()
    const key = randomKey(settings.seed).fold('own pictures')
    const draws = drawClasses(sizes, { draws: settings.draws, ways, queries, key })
    const imageOf = (picture: number) => givenImage(all[picture]!)

    const chosen = await measured(settings.chosen, draws, {
      onNote: onProgress,
      imageOf,
      tellsStrangers: true,
      onProgress: told('ours as chosen, draws'),
    })
    const sides: Side[] = [{ name: 'ours as chosen', kind: 'chosen', outcomes: chosen.outcomes }]

    const drawn = drawnPictures(draws)
    const rowOf = new Map(drawn.map((picture, row) => [picture, row]))
    const mean = lastMapOf(weights)
    const networks = [
      { name: weights, recipe: undefined },
      ...(mean ? [{ name: `the mean of ${weights}'s last map`, recipe: mean }] : []),
    ]
    const rates: number[] = []
    for (const { name, recipe } of networks) {
      const onFeatures = told(`features by ${name}`)
      const { features, seconds } = await pooledFeatures(weights, drawn.map(imageOf), onFeatures, recipe)
      rates.push(drawn.length / seconds)
      for (const head of Object.keys(heads) as HeadName[]) {
        onProgress(`${path}: ${head} on ${name}`)
        const outcomes = measureHead(head, draws, { features, rowOf })
        sides.push({ name: `${head} on ${name}`, kind: 'head', outcomes })
      }
    }
    for (const name of settings.shipped) {
      const options = {
        onNote: onProgress,
        imageOf,
        tellsStrangers: false,
        onProgress: told(`${name}, draws`),
      }
      const { outcomes } = await measured(name, draws, options)
      sides.push({ name, kind: 'shipped', outcomes })
    }
    const peers = peer && (await peerResult(peer, drawn.map((picture) => all[picture]!), renumbered(draws, rowOf), onProgress)) // prettier-ignore
    for (const [name, outcomes] of Object.entries(peers?.sides ?? {}))
      sides.push({ name: `peer: ${name}`, kind: 'peer', outcomes })

    const asked = draws.map(({ query }) => query.flat().length)
    return {
      folder: path,
      classes: pictures.classes.size,
      pictures: all.length,
      queries: [Math.min(...asked), Math.max(...asked)],
      sides,
      choices: chosen.choices,
      speed: {
        chosen: {
          seconds: chosen.seconds,
          picturesPerSecond: chosen.seconds.map((taken, draw) => chosen.pictures[draw]! / taken),
        },
        features: Math.max(...rates),
        peer: peers?.speed ?? null,
      },
      peerVersions: peers?.versions ?? null,
      notes: pictures.notes,
    }
  } finally {
    await pictures.close()
  }
}

async function measured(
  weights: string,
  draws: readonly Draw[],
  { onNote, ...options }: MeasureOptions & { readonly onNote: (line: string) => void },
) {
  const classifier = await FewShotClassifier.load(weights, { onNote })
  try {
    return await measureClassifier(classifier, draws, options)
  } finally {
    classifier.dispose()
  }
}

function givenImage({ file, read }: ListedImage): GivenImage {
  return read ? { name: file, read } : file
}

/** The same draws, with pictures numbered as the peer is given them. */
function renumbered(draws: readonly Draw[], rowOf: ReadonlyMap<number, number>): Draw[] {
  const row = (picture: number) => rowOf.get(picture)!
  return draws.map(({ labels, support, query, strangers }) => ({
    labels,
    support: support.map((ofClass) => ofClass.map(row)),
    query: query.map((ofClass) => ofClass.map(row)),
    strangers: strangers.map(row),
  }))
}

/** What the peer makes of pictures, those of archives as files in a folder that is removed. */
async function peerResult(
  peer: Peer,
  pictures: readonly ListedImage[],
  draws: readonly Draw[],
  onProgress: (line: string) => void,
): Promise<PeerResult> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-own-pictures-'))
  try {
    const files: string[] = []
    for (const [index, { file, read }] of pictures.entries()) {
      const copy = join(folder, `${index}${extname(file)}`)
      if (read) await writeFile(copy, await read())
      files.push(read ? copy : file)
    }
    return await measurePeer(peer, files, draws, onProgress)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
