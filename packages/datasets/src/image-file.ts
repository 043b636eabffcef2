/** File name extensions that mark a picture; every other file is passed over. Upper case counts too. */
export const imageExtensions: readonly string[] = [
  '.apng',
  '.avif',
  '.gif',
  '.jfif',
  '.jif',
  '.jpe',
  '.jpeg',
  '.jpg',
  '.pjp',
  '.pjpeg',
  '.png',
  '.tif',
  '.tiff',
  '.webp',
]

/** Whether a path's extension is one of {@link imageExtensions}. */
export function isImageFile(path: string): boolean {
  const dot = path.lastIndexOf('.')
  return dot > path.lastIndexOf('/') && imageExtensions.includes(path.slice(dot).toLowerCase())
}

/**
 * Whether a path leads through what operating systems leave behind: hidden files, `__MACOSX`, `Thumbs.db`, a
 * NAS's `@eaDir`, bins.
 */
export function isLeftover(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') || leftovers.has(part.toLowerCase()))
}

const leftovers = new Set([
  '__macosx',
  '__pycache__',
  '@eadir',
  '#recycle',
  '$recycle.bin',
  'system volume information',
  'lost+found',
  'lost.dir',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
])
