import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Dataset, openDataset } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { cacheFolder as userCacheFolder } from '@m2l/engine-native'
import { artists, versionOf } from './artists.js'
import { commonNames } from './class-names.js'
import { type DrawProgress, drawArchive } from './draw-archive.js'
import { painterVersion } from './draw-emoji.js'
import { keptArchive } from './kept-archive.js'
import { splitClasses } from './split-classes.js'

/** How to open the emoji. */
export interface EmojiOptions {
  /** Height and width of every picture, in pixels, 8 to 512; 32 where absent. */
  readonly size?: number
  /**
   * Where drawn pictures are kept; `emoji` in the user's M2L cache (`cacheFolder` of `@m2l/engine`) where
   * absent.
   */
  readonly cacheFolder?: string
  /** Pictures to leave out, as for `openDataset` of `@m2l/datasets`. */
  readonly exclude?: string | readonly string[]
  /** Told after each picture while they are drawn, which happens once for each size. */
  readonly onProgress?: (progress: DrawProgress) => void
  /** Ends the drawing; nothing is kept then. */
  readonly signal?: AbortSignal
}

/**
 * Opens the emoji: each name that eight artists have drawn is a class, each artist's drawing on white an
 * image. Splits `train`, `val` and `test` hold 64, 16 and 20 % of the classes; near-twins are in one split.
 *
 * @throws InputError when the size is out of range or the pictures cannot be kept; the signal's reason when
 *   it is aborted.
 */
export async function openEmoji(options: EmojiOptions = {}): Promise<Dataset> {
  const { size = 32, cacheFolder = join(userCacheFolder(), 'emoji'), exclude, onProgress, signal } = options
  if (!Number.isInteger(size) || size < 8 || size > 512) {
    throw new InputError(
      `openEmoji: a size of ${size} pixels is not usable; give a whole number from 8 to 512`,
    )
  }
  const archive = join(cacheFolder, `emoji-${size}-${versionHash()}.zip`)
  const classes = await keptArchive(archive, () => drawArchive(commonNames, size, onProgress, signal))
  return openDataset({
    root: archive,
    name: 'emoji',
    layout: 'class-folders',
    ...(exclude !== undefined && { exclude }),
    split: { source: 'emoji', classes: splitClasses(classes) },
  })
}

/** Names everything but the size that decides the pixels. */
function versionHash(): string {
  const versions = artists.map((artist) => `${artist} ${versionOf(artist)}`)
  return createHash('sha256')
    .update([painterVersion, ...versions].join('\n'))
    .digest('hex')
    .slice(0, 12)
}
