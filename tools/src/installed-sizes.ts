import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from './workspace.js'

const readme = join(workspaceRoot, 'tools/README.md')
const table = /(<!-- installed sizes: start -->\n)([^]*?)(<!-- installed sizes: end -->)/

/**
 * By how much a size may differ from the table's, as lines of dependencies publish smaller and larger
 * versions.
 */
const tolerance = 0.1

/** The sizes in the table of tools/README.md, in megabytes, by the names of packages. */
export function documentedSizes(text = readFileSync(readme, 'utf8')): ReadonlyMap<string, number> {
  const rows = (table.exec(text)?.[2] ?? '').matchAll(/^\| `(\S+)` +\| +(\d+) \|$/gm)
  return new Map([...rows].map(([, name, size]) => [name!, Number(size)]))
}

/** Says where a measured size is not that of the table. */
export function sizeFinding(
  name: string,
  megabytes: number,
  documented = documentedSizes(),
): string | undefined {
  const expected = documented.get(name)
  if (expected !== undefined && Math.abs(megabytes - expected) <= Math.max(1, tolerance * expected))
    return undefined
  const told = expected === undefined ? 'nothing of it' : `${expected} MB`
  return `${megabytes} MB are installed, tools/README.md says ${told}; type npm run release-check -- --write`
}

/** The text with a table of these sizes. */
export function withSizes(text: string, sizes: ReadonlyMap<string, number>): string {
  const width = Math.max(...[...sizes.keys()].map((name) => name.length)) + 2
  const row = (name: string, size: string): string => `| ${name.padEnd(width)} | ${size.padStart(3)} |\n`
  const rows = [...sizes].map(([name, size]) => row(`\`${name}\``, String(size)))
  const head = `${row('package', 'MB')}| ${'-'.repeat(width)} | --: |\n`
  return text.replace(
    table,
    (_, start: string, __, end: string) => `${start}\n${head}${rows.join('')}\n${end}`,
  )
}

export function writeSizes(sizes: ReadonlyMap<string, number>): void {
  writeFileSync(readme, withSizes(readFileSync(readme, 'utf8'), sizes))
}
