import { InputError, didYouMean } from '@m2l/engine'
import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import { readCifarSplit } from './cifar.js'
import type { ExpectedCounts } from './counts.js'
import { readImagesFolder } from './images-folder.js'
import { readMiniImageNet } from './mini-imagenet.js'
import { readOmniglotParts } from './omniglot.js'
import { readStanfordCars } from './stanford-cars.js'
import { readTieredImageNet } from './tiered-imagenet.js'
import { quoted } from '../layouts/class-names.js'

/** A data set that can be prepared. */
export interface PreparableDataSet {
  /** As its paper writes it. */
  readonly title: string
  /** The shipped split that belongs to it; where there is none or a choice, a person names one. */
  readonly split?: string
  /** The shipped splits to choose from. */
  readonly choice?: readonly string[]
  readonly expected: ExpectedCounts
  /** Names of its archives among those in a folder. */
  readonly archives: RegExp
  /** How it is read from what is distributed. */
  readonly read: (input: LayoutInput) => Promise<LayoutIndex>
  /** Whether its own folders are kept, because they say more than `train/`, `val/` and `test/`. */
  readonly keepsLayout?: true
}

const dataSets: Readonly<Record<string, PreparableDataSet>> = {
  'mini-imagenet': {
    title: 'miniImageNet',
    split: 'mini-imagenet',
    expected: { classes: { train: 64, val: 16, test: 20 }, imagesPerClass: 600 },
    archives: /./,
    read: readMiniImageNet,
  },
  'tiered-imagenet': {
    title: 'tieredImageNet',
    split: 'tiered-imagenet',
    expected: { classes: { train: 351, val: 97, test: 160 }, images: 779_165 },
    archives: /./,
    read: readTieredImageNet,
  },
  'cifar-fs': {
    title: 'CIFAR-FS',
    split: 'cifar-fs',
    expected: { classes: { train: 64, val: 16, test: 20 }, imagesPerClass: 600 },
    archives: /^cifar/i,
    read: (input) => readCifarSplit('cifar-fs', input),
  },
  fc100: {
    title: 'FC100',
    split: 'fc100',
    expected: { classes: { train: 60, val: 20, test: 20 }, imagesPerClass: 600 },
    archives: /^(cifar|fc100)/i,
    read: (input) => readCifarSplit('fc100', input),
  },
  cub: {
    title: 'CUB-200-2011',
    choice: ['cub-closerlook', 'cub-frn'],
    expected: { allClasses: 200, images: 11_788 },
    archives: /^cub/i,
    read: readImagesFolder,
  },
  'stanford-dogs': {
    title: 'Stanford Dogs',
    expected: { allClasses: 120, images: 20_580 },
    archives: /^images\./i,
    read: readImagesFolder,
  },
  'stanford-cars': {
    title: 'Stanford Cars',
    expected: { allClasses: 196, images: 16_185 },
    archives: /^cars?_/i,
    read: readStanfordCars,
  },
  omniglot: {
    title: 'Omniglot',
    split: 'omniglot-vinyals',
    expected: { classes: { train: 1028, val: 172, test: 423 }, imagesPerClass: 20 },
    archives: /^(images_background|images_evaluation|omniglot)\./i,
    read: readOmniglotParts,
    keepsLayout: true,
  },
}

/** Names of the data sets whose archives and counts are known. */
export const preparableNames: readonly string[] = Object.keys(dataSets)

/**
 * The data set of a name; any other name stands for a folder of class folders with a split file.
 *
 * @throws InputError when a split must be named and is not
 */
export function findDataSet(name: string, split: string | undefined): PreparableDataSet & { split: string } {
  const known = Object.hasOwn(dataSets, name) ? dataSets[name] : undefined
  if (!known) {
    if (split !== undefined) return { title: name, split, expected: {}, archives: /./, read: readLayout }
    throw new InputError(
      `data set "${name}" is none of ${preparableNames.join(', ')}${didYouMean(name, preparableNames, quoted) || '; name its split file with --split'}`,
    )
  }
  const chosen = split ?? known.split
  if (chosen === undefined) throw new InputError(`${name}: ${splitToName(known)}`)
  return { ...known, split: chosen }
}

function splitToName({ title, choice }: PreparableDataSet): string {
  return choice
    ? `papers divide ${title} differently; name the split with --split ${choice.join(' or --split ')}`
    : `no split of ${title} is shipped; name a YAML file with lists of class names under train, val and test with --split`
}
