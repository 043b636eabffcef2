import type { FileTree, RealFile } from '../sources/file-tree.js'
import type { RgbImage } from '@m2l/pictures'

/** The ways in which image data sets lie on a disk or in an archive; see the package's README. */
export const layoutNames = [
  'cifar100-binary',
  'cifar100-python',
  'csv',
  'omniglot',
  'split-folders',
  'class-folders',
  'classes',
] as const

/** One of {@link layoutNames}. */
export type LayoutName = (typeof layoutNames)[number]

/** Ids of a class's images, by class name. A class folder without images is there with none. */
export type ClassImages = Map<string, string[]>

/** What a layout finds in a source. */
export interface LayoutIndex {
  /**
   * Classes by the split that the source itself puts them in; one group named `all` where it has no splits.
   */
  readonly groups: ReadonlyMap<string, ClassImages>
  /** Whether every class stands for four, one for each quarter turn. */
  readonly rotated: boolean
  /** Decodes the image of an id. */
  read(id: string): Promise<RgbImage>
  /** The bytes of an id's own picture file as they are; absent where the source holds bare pixels. */
  readonly file?: (id: string) => Promise<Buffer>
  /** The file of the tree that an id names; absent where the source holds bare pixels. */
  readonly nameOf?: (id: string) => string
  /** The real file of an id, as {@link FileTree.realFile}. */
  readonly realFile?: (id: string) => RealFile
  /** Where an id's own picture file lies on the disk by itself; absent in archives. */
  readonly pathOf?: (id: string) => string
  /** What was found at its top, for messages: folders or tables. */
  readonly seen?: readonly string[]
  /** What a person should know of it, a line each. */
  readonly notes?: readonly string[]
  /** Whether splits that were not asked for were passed over. */
  readonly isPartial?: boolean
}

/** How a layout reads a file tree's pictures. */
export interface LayoutInput {
  readonly tree: FileTree
  /** Decodes a picture file of the tree. */
  readonly decode: (file: string) => Promise<RgbImage>
  /** The splits that must be complete; all where undefined. */
  readonly only?: readonly string[]
}

/** The classes of all splits as one group. */
export function putTogether(groups: LayoutIndex['groups']): Map<string, ClassImages> {
  const all: ClassImages = new Map()
  for (const classes of groups.values())
    for (const [name, images] of classes) all.set(name, [...(all.get(name) ?? []), ...images])
  return new Map([['all', all]])
}

/** The ways to pictures that are files of a tree, which `fileOf` names by their ids. */
export function pictureFiles(
  { tree, decode }: LayoutInput,
  fileOf: (id: string) => string,
): Pick<LayoutIndex, 'read' | 'file' | 'nameOf' | 'realFile' | 'pathOf'> {
  const { pathOf, realFile } = tree
  return {
    read: (id) => decode(fileOf(id)),
    file: (id) => tree.read(fileOf(id)),
    nameOf: fileOf,
    ...(realFile && { realFile: (id) => realFile(fileOf(id)) }),
    ...(pathOf && { pathOf: (id) => pathOf(fileOf(id)) }),
  }
}
