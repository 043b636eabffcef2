import { pooledRows } from '@m2l/classifier'
import { describeLeftOut, joinLeftOut, listImages, unreadHint, type ListedImage } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { SafetensorsWriter } from '@m2l/nn/files'
import { FewShotClassifier, type ClassifierOptions } from '../classifier/file-classifier.js'
import { identityOfFile } from '../classifier/real-file.js'
import { onnxWeights, requireNoCard } from '../model/onnx-model.js'
import { notesOfSlowness } from '../data/recipe-data.js'
import { textTensor } from './feature-file.js'
import { weightsAtHand } from '../weights/weights-at-hand.js'

/** What to embed, with what, and where to. */
export interface EmbedPicturesOptions extends Pick<ClassifierOptions, 'recipe' | 'force' | 'card'> {
  /** A folder or archive, whose folders are the labels, or a `.csv` table of `filename,label`. */
  readonly pictures: string
  /** The file of features, which is replaced. */
  readonly output: string
  /**
   * A name of weights, a checkpoint or an ONNX network; the best for photographs that are at hand if not
   * given.
   */
  readonly weights?: string | undefined
  /** Writes whole maps, as the pixel level compares them, not the mean of their positions. */
  readonly maps?: boolean | undefined
  readonly onProgress?: (done: number, total: number) => void
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/** What was embedded. */
export interface EmbeddedPictures {
  readonly file: string
  readonly weights: string
  readonly pictures: number
  /** The shape of the features of a picture: [channels], or of maps [height, width, channels]. */
  readonly shape: readonly number[]
  /** The number of pictures of each label. */
  readonly labels: Readonly<Record<string, number>>
  /** Pictures that could not be read, and why. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
  /** What a person should know, a line each. */
  readonly notes: readonly string[]
  readonly seconds: number
}

/**
 * Writes the features of pictures to a file, at once, with names and labels. A few batches are in memory at a
 * time, however many pictures there are.
 *
 * @throws {InputError} when pictures or weights cannot be used, no picture can be read, or the file cannot be
 *   written; single pictures that cannot be read are only reported
 */
export async function embedPictures(options: EmbedPicturesOptions): Promise<EmbeddedPictures> {
  const started = performance.now()
  const { pictures: path, output } = options
  const notes: string[] = []
  const onNote = (line: string) => {
    notes.push(line)
    options.onNote?.(line)
  }
  const list = await listImages(path)
  try {
    const images = await eachFileOnce(list.images)
    const labels = labelsOf(images)
    if (images.length === 0) {
      const hint = unreadHint(list.passedOver) ?? 'name a folder, an archive or a table of pictures'
      throw new InputError(`${path}: no pictures to embed; ${hint}`)
    }
    const leftOut = describeLeftOut(joinLeftOut([list.leftOut]))
    for (const note of [...list.notes, ...(leftOut === undefined ? [] : [leftOut])]) onNote(note)
    const { recipe, force, card, signal } = options
    const named = options.weights ?? (recipe && onnxWeights(recipe))
    if (named === undefined) requireNoCard(options)
    const weights = named ?? (await weightsAtHand({ onNote, signal }))[0]!
    const loading = {
      recipe,
      force,
      card,
      onNote,
      ...notesOfSlowness({ onNote }),
    }
    const classifier = await FewShotClassifier.load(weights, loading)
    try {
      const written = await writeFeatures(classifier, images, labels, options)
      const found = written.positions.flatMap((position) => labels[position] ?? [])
      return {
        file: output,
        weights,
        pictures: written.positions.length,
        shape: written.shape,
        labels: Object.fromEntries(
          [...new Set(found)].map((label) => [label, found.filter((one) => one === label).length]),
        ),
        unreadable: written.unreadable,
        notes,
        seconds: (performance.now() - started) / 1000,
      }
    } finally {
      classifier.dispose()
    }
  } finally {
    await list.close()
  }
}

async function writeFeatures(
  classifier: FewShotClassifier,
  images: readonly ListedImage[],
  labels: readonly (string | null)[],
  { pictures: path, output, maps, onProgress, signal }: EmbedPicturesOptions,
) {
  const { model, weights } = await classifier.saved()
  const unreadable: { file: string; reason: string }[] = []
  const positions: number[] = []
  let shape: readonly number[] = []
  let writer: SafetensorsWriter | undefined
  try {
    const batches = classifier.embedBatches(
      images.map(({ file, read }) => (read ? { name: file, read } : file)),
      { onProgress, signal },
      (position, { message }) => unreadable.push({ file: images[position]!.file, reason: message }),
    )
    for await (const batch of batches) {
      const { map } = batch.images
      if (!map) {
        throw new InputError(
          `${weights}: its levels look at parts of pictures alone; name weights with a map`,
        )
      }
      const features = maps ? map : pooledRows(map)
      shape = features.shape.slice(1)
      writer ??= await SafetensorsWriter.create(
        output,
        { name: 'features', row: shape },
        {
          format: 'm2l-features-1',
          model,
          ...(weights !== undefined && { weights }),
          ...(classifier.ranges && { ranges: JSON.stringify(classifier.ranges) }),
        },
      )
      await writer.append(features.data)
      positions.push(...batch.positions)
    }
    if (!writer) {
      throw new InputError(`${path}: none of its pictures can be read: ${unreadable[0]!.reason}`)
    }
    await writer.finish({
      names: textTensor(positions.map((position) => images[position]!.file)),
      labels: textTensor(positions.map((position) => labels[position]!)),
    })
    return { positions, shape, unreadable }
  } catch (error) {
    await writer?.abandon()
    throw error
  }
}

/**
 * The folder of each picture or its label in a table; without a folder that holds all others, as archives
 * often have one.
 */
function labelsOf(images: readonly ListedImage[]): (string | null)[] {
  const labels = images.map(({ label }) => label ?? null)
  const [first] = labels
  const outer = first?.slice(0, first.indexOf('/') + 1)
  if (!outer || !labels.every((label) => label?.startsWith(outer))) return labels
  return labels.map((label) => label!.slice(outer.length))
}

async function eachFileOnce(images: readonly ListedImage[]): Promise<ListedImage[]> {
  const seen = new Set<string>()
  const identities = await Promise.all(images.map(({ file, read }) => (read ? file : identityOfFile(file))))
  return images.filter((_, index) => {
    if (seen.has(identities[index]!)) return false
    seen.add(identities[index]!)
    return true
  })
}
