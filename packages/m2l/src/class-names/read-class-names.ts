import { imageExtensions, loadYaml } from '@m2l/datasets'
import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { YAMLException } from 'js-yaml'

/** A class and its name, at a line of a file; line 0 where the file has none. */
interface NamedClass {
  readonly line: number
  readonly label: string
  readonly name: string
}

/** Says that a file names pictures, not classes. */
export class PicturesNamed extends InputError {}

/**
 * Reads the names of classes: a text of two columns, the class and its name, parted by a comma, semicolon,
 * tab or blanks, as ImageNet's `words.txt` and `LOC_synset_mapping.txt` are, with or without a heading; or
 * JSON, an object of names by class, or ImageNet's `{"0": ["n01440764", "tench"]}`.
 *
 * @param labels of the classes: tell which of the columns is the class
 * @returns all names in the file, by class
 * @throws {InputError} naming file and line when it cannot be read, is not UTF-8, a line has no two columns,
 *   or a class has two names
 */
export async function readClassNames(
  file: string,
  labels: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const text = decodeText(await bytesOf(file), file).replace(/^\uFEFF/, '')
  const found = /\.json$/i.test(file) ? jsonNames(file, text) : tableNames(file, text, labels)
  const names = new Map<string, string>()
  for (const { line, label, name } of found) {
    const where = line > 0 ? `${file} line ${line}` : file
    if (label === '' || name === '') {
      throw new InputError(`${where}: expected a class and its name, found one without the other`)
    }
    if ([label, name].some(isPicture)) {
      throw new PicturesNamed(
        `${where}: names a picture (${isPicture(name) ? name : label}); expected classes and their names`,
      )
    }
    const key = label.normalize('NFC')
    const before = names.get(key)
    if (before !== undefined && before !== name) {
      throw new InputError(`${where}: class ${label} is called ${before} and ${name}; leave one`)
    }
    names.set(key, name)
  }
  return names
}

function isPicture(text: string): boolean {
  return imageExtensions.some((ending) => text.toLowerCase().endsWith(ending))
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(file)
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`
    throw new InputError(`${file}: expected names of classes, but ${reason}`)
  }
}

function jsonNames(file: string, text: string): NamedClass[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InputError(`${file}: is no JSON: ${(error as Error).message}`)
  }
  const refuse = (what: string) =>
    new InputError(`${file}: ${what}; expected an object of names by class, such as {"n02206856": "bee"}`)
  requireOnceEach(file, text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`holds ${Array.isArray(value) ? 'a list' : JSON.stringify(value).slice(0, 40)}`)
  }
  return Object.entries(value).map(([key, given]) => {
    const [label, name] = Array.isArray(given) && given.length === 2 ? (given as unknown[]) : [key, given]
    if (typeof label === 'string' && typeof name === 'string')
      return { line: 0, label: label.trim(), name: name.trim() }
    throw refuse(`the name of ${key} is ${JSON.stringify(given).slice(0, 40)}`)
  })
}

/**
 * JSON takes the last of several values of a key; YAML, of which it is a part, says which key comes twice.
 */
function requireOnceEach(file: string, text: string): void {
  try {
    loadYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException) || !error.reason.startsWith('duplicated')) return
    throw new InputError(
      `${file}${error.mark ? ` line ${error.mark.line + 1}` : ''}: names a class twice; leave one`,
    )
  }
}

function tableNames(file: string, text: string, labels: ReadonlySet<string>): NamedClass[] {
  const lines = text.split(/\r\n|\n|\r/).flatMap((content, index) => {
    return content.trim() === '' || content.startsWith('#') ? [] : [{ line: index + 1, content }]
  })
  const separator = separatorOf(
    lines.map(({ content }) => content),
    labels,
  )
  const rows = lines.map(({ line, content }) => {
    const cells = cellsOf(content, separator)
    if (cells.length === 2) return { line, cells }
    const columns = cells.length === 1 ? 'one column' : `${cells.length} columns`
    throw new InputError(
      `${file} line ${line}: has ${columns}; expected two, the class and its name${cells.length > 2 ? ' (in quotes where it holds a comma)' : ''}`,
    )
  })
  const known = (column: number) => rows.filter(({ cells }) => isClass(cells[column]!, labels)).length
  const [of, called] = known(1) > known(0) ? [1, 0] : [0, 1]
  const hasHeading = rows.length > 0 && isHeading(rows[0]!.cells) && !isClass(rows[0]!.cells[of]!, labels)
  return rows
    .slice(hasHeading ? 1 : 0)
    .map(({ line, cells }) => ({ line, label: cells[of]!, name: cells[called]! }))
}

function isClass(cell: string, labels: ReadonlySet<string>): boolean {
  return labels.has(cell.normalize('NFC'))
}

function isHeading(cells: readonly string[]): boolean {
  return (
    cells.some((cell) => /^(class|key|id|label|wnid|synset|folder|code|class[ _]id)$/i.test(cell)) &&
    cells.some((cell) => /^(name|label|words|description|title|class|(class|display)[ _]?name)$/i.test(cell))
  )
}

type Separator = ',' | ';' | '\t' | 'blanks'

/** What parts all lines; where several do, what parts off most classes. */
function separatorOf(lines: readonly string[], labels: ReadonlySet<string>): Separator {
  const possible = (['\t', ';', ',', 'blanks'] as const).map((separator) => {
    const cells = lines.map((line) => cellsOf(line, separator))
    const parted = cells.filter(({ length }) => length === 2).length
    const known = cells.filter((row) => row.length === 2 && row.some((cell) => isClass(cell, labels))).length
    const torn = cells.filter(({ length }) => length > 2).length
    return { separator, known, parted, torn }
  })
  return possible.toSorted((a, b) => b.known - a.known || b.parted - a.parted || b.torn - a.torn)[0]!
    .separator
}

function cellsOf(line: string, separator: Separator): string[] {
  if (separator === 'blanks') return (/^\s*(\S+)\s+(.+)$/.exec(line)?.slice(1) ?? [line]).map(unquoted)
  const cell = new RegExp(`\\s*("(?:[^"]|"")*"|[^${separator}]*)\\s*(${separator}|$)`, 'y')
  const cells: string[] = []
  for (let match = cell.exec(line); match; match = cell.exec(line)) {
    cells.push(unquoted(match[1]!))
    if (match[2] === '') break
  }
  return cells
}

function unquoted(cell: string): string {
  const inner = /^"([^]*)"$/.exec(cell.trim())
  return (inner ? inner[1]!.replaceAll('""', '"') : cell).trim()
}
