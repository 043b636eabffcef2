import { isAbsolute, relative, resolve } from 'node:path'
import { listImages } from '@m2l/datasets'
import { InputError } from '@m2l/engine'

/** A picture to classify. */
export interface QueryPicture {
  readonly file: string
  /**
   * Its class where its place says it: the nearest folder above it, or the label in a table, that a class is called by; null
   * where there is none such, so that it is of no class; nothing where no place says anything.
   */
  readonly truth?: string | null
}

/** The pictures to classify, and what a person should be told of them. */
export interface QueryPictures {
  readonly pictures: readonly QueryPicture[]
  readonly notes: readonly string[]
}

/**
 * The pictures of some folders, tables and files.
 *
 * @param labels the classes
 * @throws {InputError} when one of them cannot be read, or there are no pictures
 */
export async function queryPictures(
  paths: readonly string[],
  labels: ReadonlySet<string>,
): Promise<QueryPictures> {
  const lists = await Promise.all(paths.map(listImages))
  const images = lists.flatMap((list) => list.images)
  if (images.length === 0) {
    throw new InputError(`${paths.join(', ')}: no pictures to classify; name a folder or files of pictures`)
  }
  const found = images.map(({ file, label }) => ({ file, label, known: label && classAbove(label, labels) }))
  const isLabelled = found.some(({ known }) => known)
  const pictures = found.map(({ file, label, known }): QueryPicture => {
    if (!isLabelled || label === undefined) return { file }
    return { file, truth: known ?? null }
  })
  const strange = isLabelled ? found.flatMap(({ label, known }) => (label && !known ? [label] : [])) : []
  const passedOver = lists.flatMap((list) => list.passedOver)
  return {
    pictures,
    notes: [
      ...notesOfPassedOver(passedOver),
      ...(strange.length > 0
        ? [
            `${strange.length} pictures lie in folders that are no class (${[...new Set(strange)].slice(0, 5).join(', ')}); they count as of none`,
          ]
        : []),
    ],
  }
}

/** Tells of files that are no pictures by their names, so that nobody misses them. */
export function notesOfPassedOver(files: readonly string[]): string[] {
  if (files.length === 0) return []
  const endings = new Set(files.map((file) => /\.[^./\\]+$/.exec(file)?.[0].toLowerCase() ?? 'no ending'))
  const hint = [...endings].some((ending) => ending === '.heic' || ending === '.heif')
    ? '; convert .heic pictures to JPEG to have them read'
    : ''
  return [
    `passed over ${files.length} files that are no pictures (${[...endings].slice(0, 5).join(', ')})${hint}`,
  ]
}

/** Whether a path is a folder or lies in it. */
export function liesIn(folder: string, path: string): boolean {
  const below = relative(resolve(folder), resolve(path))
  return below === '' || (!below.startsWith('..') && !isAbsolute(below))
}

/** The class that a path of folders names: all of it, or the longest part of it that is nearest to its end. */
function classAbove(path: string, labels: ReadonlySet<string>): string | undefined {
  const folders = path.split('/')
  for (let end = folders.length; end > 0; end--) {
    for (let start = 0; start < end; start++) {
      const name = folders.slice(start, end).join('/')
      if (labels.has(name)) return name
    }
  }
  return undefined
}
