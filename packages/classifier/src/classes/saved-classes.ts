import { chooseImages, imageCount, joinImages, type EmbeddedImages } from '../embedding/embedded-images.js'

/** What is known of the picture of an example beside its embedding. */
export interface Example {
  /** The path of its file, or what the program called it; null where it had no name. */
  readonly name: string | null
  /** SHA-256 of its pixels in base64, by which copies are told; null where it was not noted. */
  readonly digest: string | null
}

/** The examples of a class: their embeddings, and in the same order what is known of their pictures. */
export interface SavedClass {
  readonly images: EmbeddedImages
  readonly examples: readonly Example[]
}

/** The classes of a classifier as plain data, with what is needed to open them again. */
export interface SavedClasses {
  /** The fingerprint of the model that the embeddings are of. */
  readonly model: string
  /** The weights of that model: a name, or the path of a file; unknown in files of the first format. */
  readonly weights?: string
  /** The card of weights that are an ONNX network, where another file than that beside it was named. */
  readonly card?: string
  /** What compares and what it sees of pictures, where a person said so, see `CompareBy`. */
  readonly head?: string
  readonly features?: string
  /** The recipe of that model as a text, where its weights do not say how it is made. */
  readonly recipe?: string
  /** By label, in the order in which they were added. */
  readonly classes: ReadonlyMap<string, SavedClass>
}

/** Both one after the other. */
export function joinClass(a: SavedClass | undefined, b: SavedClass): SavedClass {
  if (!a) return b
  return { images: joinImages([a.images, b.images]), examples: [...a.examples, ...b.examples] }
}

/** The examples of a class at some positions. */
export function chooseExamples({ images, examples }: SavedClass, positions: readonly number[]): SavedClass {
  return {
    images: chooseImages(images, positions),
    examples: positions.map((position) => examples[position]!),
  }
}

/** What messages call the examples of a class. */
export function exampleNames(label: string, examples: readonly Example[]): string[] {
  return examples.map(({ name }, index) => name ?? `example ${index + 1} of ${label}`)
}

/** A class of so many examples of which nothing is known. */
export function namelessClass(images: EmbeddedImages): SavedClass {
  const examples = Array.from({ length: imageCount(images) }, () => ({ name: null, digest: null }))
  return { images, examples }
}
