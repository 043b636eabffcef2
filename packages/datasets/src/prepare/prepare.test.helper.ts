import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import {
  type Dataset,
  openDataset,
  prepareDataset,
  type PreparedDataset,
  type PrepareOptions,
} from '../index.js'
import { type Files, messageOf, tarOf, temporaryFolder } from '../make-files.test.helper.js'

/** Prepares into a new folder; small sources are never the whole of a data set. */
export async function prepared(
  options: Omit<PrepareOptions, 'to'>,
): Promise<PreparedDataset & { folder: string }> {
  const to = join(await temporaryFolder(), 'prepared')
  const result = await prepareDataset({ incomplete: true, ...options, to })
  await expectVerifiable(to)
  return result
}

/** What refusing to prepare says; nothing may be left of the attempt. */
export async function refusal(options: Omit<PrepareOptions, 'to'>): Promise<string> {
  const parent = await temporaryFolder()
  const message = await messageOf(prepareDataset({ ...options, to: join(parent, 'deep/prepared') }))
  expect(await readdir(parent)).toEqual([])
  return message
}

/** Class names with the paths of their images, by split. */
export async function opened(
  root: string,
  split?: string,
): Promise<Record<string, Record<string, string[]>>> {
  const dataset = await openDataset({ root, ...(split !== undefined && { split }) })
  await dataset.close()
  return Object.fromEntries(
    Object.values(dataset.splits).map(({ name, classes }) => [
      name,
      Object.fromEntries(classes.map((one) => [one.name, one.images.map(({ id }) => id)])),
    ]),
  )
}

/** Every image of both, class by class and in order: their pixels must be the same. */
export async function expectSamePixels(actual: Dataset, expected: Dataset): Promise<void> {
  const images = (dataset: Dataset) =>
    Object.values(dataset.splits)
      .flatMap(({ classes }) => classes)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((ofClass) => ofClass.images)
  const [actualImages, expectedImages] = [images(actual), images(expected)]
  expect(actualImages.length).toBe(expectedImages.length)
  const pixels = async (dataset: Dataset, ofDataset: typeof actualImages) =>
    (await dataset.readMany(ofDataset)).map(({ width, height, data }) => ({ width, height, data }))
  expect(await pixels(actual, actualImages)).toEqual(await pixels(expected, expectedImages))
  await actual.close()
  await expected.close()
}

/** All files of a folder with their content, by path. */
export async function contentOf(folder: string): Promise<Map<string, Buffer>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const contents = await Promise.all(
    paths.toSorted().map(async (path): Promise<[string, Buffer]> => {
      return [path.slice(folder.length + 1), await readFile(path)]
    }),
  )
  return new Map(contents)
}

/** The checksums are those of all other files, in order. */
export async function expectVerifiable(folder: string): Promise<void> {
  const content = await contentOf(folder)
  const checksums = content.get('checksums.sha256')!.toString()
  content.delete('checksums.sha256')
  const lines = [...content]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`)
  expect(checksums).toBe(lines.join(''))
}

/** A tar.gz archive. */
export async function tgzOf(files: Files): Promise<Buffer> {
  return gzipSync(await tarOf(files))
}
