import { basename } from 'node:path'
import { InputError } from '@m2l/engine'
import { decodePicture } from '@m2l/pictures'
import { eachFileOnce } from '../layouts/each-file-once.js'
import { withTellableNames } from '../layouts/class-names.js'
import { sourceStamp } from '../sources/source-stamp.js'
import { joinLeftOut, type LeftOut } from '../sources/left-out.js'
import { readSplitFile, type SplitFile } from '../splits/split-file.js'
import { divide, type Division, requireNoDifferences } from './counts.js'
import { findDataSet, type PreparableDataSet } from './data-sets.js'
import { type DatasetCard, preparedBy, summariesOf, summaryOfPictures } from './dataset-card.js'
import { keptFiles, pictureFiles } from './picture-files.js'
import { openSource, type Source } from './source.js'
import { stageFolder } from './staged-folder.js'
import { checksumLines, writeNewFile, writePictures, type WritingOptions } from './write-pictures.js'

/** What to prepare, from where and where to. */
export interface PrepareOptions extends WritingOptions {
  /** One of {@link preparableNames}; or any other, with `split`, for a folder or archive of class folders. */
  readonly name: string
  /** An archive, or a folder with archives, pickles or pictures as they are distributed. */
  readonly from: string
  /** The folder to make; those above it are made as well. */
  readonly to: string
  /** A shipped split or the path of a YAML file; by default the data set's own, where it has exactly one. */
  readonly split?: string
  /** Accepts a source that lacks classes or images, or has others. */
  readonly incomplete?: boolean
  /** Replaces `to`, with all it holds. */
  readonly force?: boolean
}

/** What was prepared. */
export interface PreparedDataset {
  /** As it was given. */
  readonly folder: string
  /** What `dataset.json` in it says. */
  readonly card: DatasetCard
  /**
   * Further names of files, and what lay in the source and could not be read; not what the data set has no
   * use for.
   */
  readonly leftOut: readonly LeftOut[]
  /** How many picture files it holds. */
  readonly pictures: number
  /** Their sizes together. */
  readonly bytes: number
}

/**
 * Makes a folder that {@link openDataset} and every recipe read as it is, from a data set as it is
 * distributed:
 *
 * - `train/`, `val/` and `test/` of class folders (Omniglot keeps its own folders). Pictures that are files
 *   in the source are copied byte for byte; bare pixels become PNG files.
 * - `dataset.json`: a {@link DatasetCard}.
 * - `checksums.sha256`: for `sha256sum -c`, of all other files.
 *
 * The same source gives the same bytes. The folder appears when it is complete; after an error or an abort
 * there is nothing of it. Classes and images are counted before anything is written.
 *
 * @throws InputError when the source cannot be read or is not complete, a split must be named, or the folder
 *   is not empty; the signal's reason after an abort
 */
export async function prepareDataset(options: PrepareOptions): Promise<PreparedDataset> {
  const { name, from, to, force = false, signal } = options
  const dataSet = findDataSet(name, options.split)
  const split = await readSplitFile(dataSet.split)
  return stageFolder(to, { force, keep: from }, async ({ content, scratch }) => {
    const source = await openSource(from, { archives: dataSet.archives, scratch, ...(signal && { signal }) })
    try {
      return await fill(content, source, dataSet, split, options)
    } finally {
      await source.tree.close()
    }
  })
}

async function fill(
  folder: string,
  source: Source,
  dataSet: PreparableDataSet,
  split: SplitFile,
  options: PrepareOptions,
): Promise<PreparedDataset> {
  const { tree } = source
  const before = await sourceStamp(tree)
  const decode = async (file: string) => decodePicture(await tree.read(file), tree.label(file))
  const whole = withTellableNames(tree.root, await dataSet.read({ tree, decode }))
  const keepsOwn = options.split === undefined && !dataSet.keepsLayout
  const { index, leftOut } = eachFileOnce(whole, keepsOwn ? undefined : split)
  const division = divide(tree.root, index, split, { ...dataSet.expected, keepsOwn })
  if (!options.incomplete) requireNoDifferences(tree.root, dataSet.title, division.differences)
  const files = (dataSet.keepsLayout ? keptFiles : pictureFiles)(tree.root, division.splits)
  const paths = files.map(({ path }) => path)
  const splits = await summariesOf(tree.root, paths, dataSet.keepsLayout ? splitFileOf(division) : undefined)
  const [sources, pictures] = await bothSettled(
    source.sourceFiles(),
    writePictures(folder, files, index, options),
  )
  if ((await sourceStamp(tree)) !== before) {
    throw new InputError(`${tree.root}: was changed while it was read; prepare it again`)
  }
  const card: DatasetCard = {
    name: options.name,
    preparedBy: preparedBy(),
    sources,
    ...(source.hasLoosePictures() && { pictures: summaryOfPictures(pictures) }),
    split: division.split === undefined ? 'own' : basename(division.split),
    splits,
    ...(division.differences.length > 0 && { differences: division.differences }),
  }
  const cardFile = await writeNewFile(
    folder,
    'dataset.json',
    Buffer.from(`${JSON.stringify(card, null, 2)}\n`),
  )
  await writeNewFile(folder, 'checksums.sha256', Buffer.from(checksumLines([...pictures, cardFile])))
  options.signal?.throwIfAborted()
  return {
    folder: options.to,
    card,
    leftOut: joinLeftOut([tree.leftOut, leftOut]),
    pictures: pictures.length,
    bytes: pictures.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** The split file without the classes that are not there. */
function splitFileOf({ split, splits }: Division): SplitFile | undefined {
  if (split === undefined) return undefined
  const classes = Object.values(splits).map((one) => [one.name, one.classes.map(({ name }) => name)])
  return { source: split, classes: Object.fromEntries(classes) as SplitFile['classes'] }
}

/** Both results; after a failure of one, the other has ended as well, so that nothing is written any more. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}
