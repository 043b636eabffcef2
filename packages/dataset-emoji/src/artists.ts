import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { getIconData } from '@iconify/utils'

/** The sets of drawings, one artist or house style each, in the order of a class's images. */
export const artists = [
  'emojione-v1',
  'emojione',
  'fluent-emoji-flat',
  'fluent-emoji-high-contrast',
  'noto-v1',
  'noto',
  'openmoji',
  'twemoji',
] as const

/** One of {@link artists}. */
export type Artist = (typeof artists)[number]

/** All drawings of one artist, as Iconify keeps them. */
export type Drawings = Parameters<typeof getIconData>[0]

const require = createRequire(import.meta.url)

/** All drawings of an artist. */
export function loadDrawings(artist: Artist): Drawings {
  return JSON.parse(readFileSync(require.resolve(`@iconify-json/${artist}/icons.json`), 'utf8'))
}

/** The version of an artist's package. */
export function versionOf(artist: Artist): string {
  return require(`@iconify-json/${artist}/package.json`).version
}
