import { readFile } from 'node:fs/promises'
import { decodeImage, openDataset, type OpenDatasetOptions } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { SupportClass } from '@m2l/explain'
import type { ExplainedQueries, ExplainedQuery } from './explained-queries.js'
import { bareName } from './file-names.js'

/** Picture files, and the examples by which they are classified. */
export interface FileQueries {
  /** A folder or an archive of class folders with pictures. */
  readonly support: string
  /** Picture files. */
  readonly files: readonly string[]
}

/** @throws {InputError} when a picture cannot be read, or the examples are not folders of two or more classes */
export async function openFiles(
  { support, files }: FileQueries,
  { signal }: Pick<OpenDatasetOptions, 'signal'>,
): Promise<ExplainedQueries> {
  const queries: ExplainedQuery[] = []
  for (const file of files) {
    const picture = await decodeImage(await contentOf(file), file)
    queries.push({ name: file, fileName: bareName(file), picture })
  }
  return { support: { classes: await exampleClasses(support, signal) }, queries }
}

async function exampleClasses(root: string, signal: AbortSignal | undefined): Promise<SupportClass[]> {
  const dataset = await openDataset({ root, pack: 'off', ...(signal && { signal }) })
  try {
    const [split, ...others] = Object.values(dataset.splits)
    if (!split || others.length > 0) {
      const names = Object.keys(dataset.splits).join(', ')
      throw new InputError(
        `${root}: is divided into ${names}; name one of these folders as the folder of examples`,
      )
    }
    if (split.classes.length < 2) {
      throw new InputError(
        `${root}: holds one class (${split.classes[0]?.name}); a query is told apart by examples of two or more, a folder for each`,
      )
    }
    return await Promise.all(
      split.classes.map(async ({ name, images }) => {
        const pictures = await dataset.readMany(images)
        return { name, pictures: images.map(({ id }, index) => ({ name: id, picture: pictures[index]! })) }
      }),
    )
  } finally {
    await dataset.close()
  }
}

async function contentOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }
    throw new InputError(
      `${file}: expected a picture, but ${reasons[code!] ?? `it cannot be read (${code})`}`,
    )
  }
}
