import type { RgbImage } from '@m2l/pictures'
import type { LeftOut } from './sources/left-out.js'

/** One picture of a data set, by name; its pixels come from {@link Dataset.read}. */
export interface ImageRecord {
  /** POSIX path inside the source, NFC-normalised: the same on every platform and file system. */
  readonly id: string
  /** Degrees counter-clockwise by which the stored picture is turned when read; 0 where absent. */
  readonly rotation?: 0 | 90 | 180 | 270
}

/** All images of one class. */
export interface ImageClass {
  readonly name: string
  /** In code-unit order of their ids. */
  readonly images: readonly ImageRecord[]
}

/** Classes that are used together: those learned from, validated on or tested on. */
export interface ImageSplit {
  readonly name: string
  /** In the split file's order; in code-unit order of their names where there is no split file. */
  readonly classes: readonly ImageClass[]
  /** Hexadecimal SHA-256 over class names, image ids and rotations, in order. */
  readonly hash: string
}

/** An index of named images in named classes in named splits, and the way to their pixels. */
export interface Dataset {
  readonly name: string
  readonly splits: Readonly<Record<string, ImageSplit>>
  /** What lies in the source and was not read, and why. */
  readonly leftOut: readonly LeftOut[]
  /**
   * What a person should know of how the source was read, a line each: what was passed over, which names are
   * nearly the same.
   */
  readonly notes: readonly string[]
  /**
   * Decodes one image, or takes it from the memory cache. The pixels are shared with the cache: do not write
   * to them.
   * @throws InputError naming the file when it is not a readable picture.
   */
  read(image: ImageRecord): Promise<RgbImage>
  /** The path of the file that an image was read from; nothing in archives and for bare pixels. */
  fileOf?(image: ImageRecord): string | undefined
  /** Decodes many images side by side, with bounded concurrency; results in the order of the records. */
  readMany(images: readonly ImageRecord[]): Promise<RgbImage[]>
  /** Closes the files held open and empties the memory cache. Harmless when repeated. */
  close(): Promise<void>
}
