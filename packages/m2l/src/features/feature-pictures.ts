import { embedderOf, featuresAt, type FeatureSet, labelledFeatures } from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import { counted } from '../classifier/notes.js'
import type { QueryPicture, QueryPictures } from '../classifier/query-pictures.js'
import type { SupportPictures } from '../classifier/support-pictures.js'
import { isFeatureFile, readFeatures } from './feature-file.js'

/**
 * The examples of a file of features.
 *
 * @throws {InputError} when a picture has no label, or there are fewer than two classes
 */
export function supportOfFeatures(set: FeatureSet): SupportPictures {
  const classes = labelledFeatures(set)
  if (classes.size < 2) {
    const [only] = classes.keys()
    throw new InputError(
      `${set.source}: holds only one class (${only}); expected features of at least two classes, to tell them apart`,
    )
  }
  return { classes, notes: [], close: async () => {} }
}

/**
 * The pictures of files of features, to be classified by examples that are features too.
 *
 * @param labels the classes
 * @throws {InputError} when one of them is no file of features, cannot be read, or is of another network than
 *   the examples
 */
export async function queryFeatures(
  paths: readonly string[],
  labels: ReadonlySet<string>,
  examples: FeatureSet,
): Promise<QueryPictures> {
  const picture = paths.find((path) => !isFeatureFile(path))
  if (picture !== undefined) {
    throw new InputError(
      `${picture}: is no file of features, as the examples are; embed it with the same weights first (npx m2l embed ${picture} -o features.safetensors)`,
    )
  }
  const sets: FeatureSet[] = []
  for (const path of paths) sets.push(await readFeatures(path))
  const embedder = embedderOf(examples)
  for (const set of sets) {
    const problem = embedder.problemOf({ ...featuresAt(set, 0), name: set.source }, 0)
    if (problem) throw problem
  }
  const found = sets.flatMap((set) =>
    set.names.map((file, position) => ({
      file,
      image: featuresAt(set, position),
      label: set.labels[position]!,
    })),
  )
  return {
    pictures: found.map(({ file, image, label }): QueryPicture => {
      return { file, image, ...(label !== null && { truth: labels.has(label) ? label : null }) }
    }),
    otherLabels: counted(found.flatMap(({ label }) => (label === null || labels.has(label) ? [] : [label]))),
    notes: [],
    placeNotes: found.some(({ label }) => label !== null && labels.has(label))
      ? []
      : ['accuracy is not measured: no label of the pictures is a class'],
    close: async () => {},
  }
}
