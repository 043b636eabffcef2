import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import { commonOptions, readWords, runCommand } from '../command-line.js'
import { measuredResults } from './cards.js'
import { betweenMarkers, markdownTable, markers, withBetweenMarkers } from './markdown.js'
import { readPlan } from './plan.js'
import { resultsPage } from './results-page.js'
import { ablationTable, accuracyTable, costTable, levelsTable, type ResultTable } from './tables.js'

const usage = `usage: npm run results [-- --write] [--json] [--help]

Makes results/results.md and results/results.html of the cards in results/cards, and compares the table in README.md.
  --write   also puts the table into README.md
  --json    print one JSON object on standard output and nothing else there (with npm run --silent)
Exit codes: 0 done, 1 the table in README.md is another, 2 bad input.`

/**
 * Runs `npm run results`.
 *
 * @param args the words after the program's name
 * @param root of the repository
 * @returns the exit code; messages have been printed
 */
export function runResultsCommand(args: readonly string[], root: string): Promise<number> {
  return runCommand('results', async () => {
    const options = { write: { type: 'boolean', default: false }, ...commonOptions } as const
    const { values } = readWords({ args: [...args], options }, 'see npm run results -- --help')
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    const made = await makeResults(root, values.write)
    const { readmeIsCurrent, measured, missing } = made
    if (values.json) process.stdout.write(`${JSON.stringify(made)}\n`)
    else if (readmeIsCurrent)
      process.stdout.write(
        `${measured} of ${measured + missing.length} planned results: results/results.md, results/results.html, README.md\n`,
      )
    if (readmeIsCurrent) return 0
    process.stderr.write(
      'results: the table in README.md is not that of the cards; npm run results -- --write puts it there\n',
    )
    return 1
  })
}

/** What was made of the cards. */
interface MadeResults {
  readonly measured: number
  /** Planned results without a card. */
  readonly missing: readonly string[]
  readonly readmeIsCurrent: boolean
}

async function makeResults(root: string, write: boolean): Promise<MadeResults> {
  const folder = join(root, 'results')
  const plan = readPlan(join(folder, 'plan.yaml'))
  const results = await measuredResults(folder, plan)
  const ids = new Set(results.map(({ id }) => id))
  const missing = plan.map(({ id }) => id).filter((id) => !ids.has(id))
  const accuracy = accuracyTable(results)
  const tables = [accuracy, levelsTable(results), ablationTable(results), costTable(results)]
  await writeFileAtomically(join(folder, 'results.md'), markdownPage(tables, missing))
  await writeFileAtomically(join(folder, 'results.html'), resultsPage(results, tables))

  const readme = join(root, 'README.md')
  const text = await readFile(readme, 'utf8')
  const between = betweenMarkers(text)
  if (between === undefined)
    throw new InputError(`${readme}: expected the table between ${markers.start} and ${markers.end}`)
  const wanted = `${accuracy.note}\n\n${markdownTable(accuracy)}`
  if (write && between !== wanted) await writeFileAtomically(readme, withBetweenMarkers(text, wanted))
  return { measured: results.length, missing, readmeIsCurrent: write || between === wanted }
}

function markdownPage(tables: readonly ResultTable[], missing: readonly string[]): string {
  const sections = tables.map((table) => `## ${table.title}\n\n${table.note}\n\n${markdownTable(table)}`)
  const unmeasured =
    missing.length > 0
      ? [`## Not measured yet\n\nPlanned, without a card:\n\n${missing.map((id) => `- ${id}`).join('\n')}`]
      : []
  return (
    ['# Results', 'Made of the cards by `npm run results`.', ...sections, ...unmeasured, '']
      .join('\n\n')
      .trimEnd() + '\n'
  )
}
