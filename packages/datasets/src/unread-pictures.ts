/** Endings of pictures that are not read; a phone's are among them. */
const pictures = new Set(
  '.heic .heif .heics .hif .bmp .jp2 .jxl .svg .psd .dng .raw .cr2 .cr3 .nef .arw'.split(' '),
)

/** Endings of films, which phones leave among their pictures. */
const films = new Set('.mov .mp4 .avi'.split(' '))

/** Whether an ending such as `.heic` is one of pictures or films that are not read. */
export function isUnread(ending: string): boolean {
  return pictures.has(ending.toLowerCase()) || films.has(ending.toLowerCase())
}

/**
 * What to do about files that are not read although they are pictures:
 * `save .heic pictures as JPEG or PNG to have them read`.
 *
 * @param names files, or their endings
 * @returns nothing where there is no such picture among them
 */
export function unreadHint(names: readonly string[]): string | undefined {
  const found = names.map((name) => name.slice(name.lastIndexOf('.')).toLowerCase())
  const endings = [...new Set(found)].filter((ending) => pictures.has(ending))
  if (endings.length === 0) return undefined
  return `save ${endings.join(' and ')} pictures as JPEG or PNG to have them read`
}
