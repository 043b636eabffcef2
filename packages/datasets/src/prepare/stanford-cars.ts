import { InputError } from '@m2l/engine'
import { requireDistinct } from '../layouts/class-names.js'
import type { ClassImages, LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import type { FileTree } from '../sources/file-tree.js'
import { MatFileError, type MatValue, readMatFile } from './mat-file.js'

/**
 * Stanford Cars from either release, or from class folders. The first has `car_ims/` and `cars_annos.mat`;
 * the second `cars_train/` and `cars_test/`, whose labels are in `cars_train_annos.mat` and
 * `cars_test_annos_withlabels.mat` and whose class names are in `cars_meta.mat`. A class is named as there,
 * with `-` for `/`.
 *
 * @throws InputError when a table is missing or malformed, or names a picture that is not there
 */
export async function readStanfordCars(input: LayoutInput): Promise<LayoutIndex> {
  const { tree, decode } = input
  const annotations = findAnnotations(tree)
  if (annotations.length === 0) return readLayout(input)
  const namesFile = findFile(tree, 'cars_annos.mat') ?? findFile(tree, 'cars_meta.mat')
  if (namesFile === undefined)
    throw new InputError(`${tree.root}: lacks cars_meta.mat, which names the classes; add car_devkit.tgz`)
  const names = readNames(tree.label(namesFile), await variablesOf(tree, namesFile))
  const classes: ClassImages = new Map(names.map((name) => [name, []]))
  for (const { file, folder } of annotations) {
    const label = tree.label(file)
    const paths = picturePaths(tree, folder)
    for (const { path, number } of readAnnotations(label, await variablesOf(tree, file))) {
      const picture = paths.get(path.slice(path.lastIndexOf('/') + 1))
      const name = names[number - 1]
      if (picture === undefined)
        throw new InputError(`${label}: picture "${path}" is not in ${tree.root}; add ${folder}`)
      if (name === undefined)
        throw new InputError(
          `${label}: picture "${path}" has class ${number} of ${names.length}; fetch it again`,
        )
      classes.get(name)!.push(picture)
    }
  }
  return {
    groups: new Map([['all', classes]]),
    rotated: false,
    read: (id) => decode(id),
    file: (id) => tree.read(id),
  }
}

const tables = [
  { table: 'cars_annos.mat', folder: 'car_ims' },
  { table: 'cars_train_annos.mat', folder: 'cars_train' },
  { table: 'cars_test_annos_withlabels.mat', folder: 'cars_test' },
] as const

/** The tables of the first release, or else those of the second whose pictures are there. */
function findAnnotations(tree: FileTree): { file: string; folder: string }[] {
  const found = tables.flatMap(({ table, folder }) => {
    const file = findFile(tree, table)
    return file !== undefined && picturePaths(tree, folder).size > 0 ? [{ file, folder }] : []
  })
  return found[0]?.folder === 'car_ims' ? found.slice(0, 1) : found
}

function findFile(tree: FileTree, name: string): string | undefined {
  return tree.files.find((file) => `/${file}`.endsWith(`/${name}`))
}

/** Paths of the files in a folder of this name, by the files' names. */
function picturePaths(tree: FileTree, folder: string): Map<string, string> {
  const inFolder = tree.files.filter((file) => `/${file}`.includes(`/${folder}/`))
  return new Map(inFolder.map((file) => [file.slice(file.lastIndexOf('/') + 1), file]))
}

async function variablesOf(tree: FileTree, file: string): Promise<Map<string, MatValue>> {
  try {
    return readMatFile(await tree.read(file))
  } catch (error) {
    if (!(error instanceof MatFileError)) throw error
    throw new InputError(
      `${tree.label(file)}: is no table of Stanford Cars (${error.message}); fetch it again`,
    )
  }
}

function readNames(label: string, variables: Map<string, MatValue>): string[] {
  const value = variables.get('class_names')
  const names = isArrayOf(value, 'cells') ? value.cells : []
  if (names.length === 0 || !names.every((name) => typeof name === 'string'))
    throw new InputError(`${label}: holds no names of classes (class_names); fetch it again`)
  const portable = names.map((name) => name.replaceAll('/', '-').normalize('NFC'))
  requireDistinct(label, portable)
  return portable
}

function readAnnotations(
  label: string,
  variables: Map<string, MatValue>,
): { path: string; number: number }[] {
  const value = variables.get('annotations')
  const structs = isArrayOf(value, 'structs') ? value.structs : []
  const annotations = structs.map((struct) => {
    const path = struct.get('relative_im_path') ?? struct.get('fname')
    const number = struct.get('class')
    return typeof path === 'string' && Array.isArray(number) ? { path, number: Number(number[0]) } : undefined
  })
  if (annotations.length === 0 || !annotations.every((one) => one !== undefined)) {
    throw new InputError(
      `${label}: holds no labelled pictures (annotations with fname and class); for the test pictures use cars_test_annos_withlabels.mat`,
    )
  }
  return annotations
}

function isArrayOf<Key extends 'cells' | 'structs'>(
  value: MatValue | undefined,
  key: Key,
): value is Extract<MatValue, Record<Key, unknown>> {
  return typeof value === 'object' && key in value
}
