import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isImageFile } from '../image-file.js'
import type { PicturePlaces } from './picture-places.js'

/**
 * Where the pictures of a table on the disk may lie: beside it, in `images/` beside it, or where absolute
 * paths say.
 */
export function diskPlaces(table: string): PicturePlaces {
  const home = dirname(table)
  return {
    root: home,
    pictures(folder) {
      const path = folder.startsWith('/') ? folder : join(home, folder)
      try {
        const names = readdirSync(path).filter(isImageFile)
        return new Map(names.map((name) => [name.normalize('NFC'), join(path, name)]))
      } catch {
        return undefined
      }
    },
    near: ['', 'images'],
    far: [],
    ownNames: [basename(resolve(home))],
  }
}
