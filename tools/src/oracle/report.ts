import Table from 'cli-table3'
import type { Outcome } from './compare.js'
import type { ListedPicture, PictureList } from './pictures.js'

/** What became of the pictures. */
export interface OracleReport {
  readonly pictures: number
  /** As Pillow reads them, to a level. */
  readonly same: number
  /** Pillow does not read them; as the values say that were written, to a level. */
  readonly values: number
  /** Otherwise than Pillow, by the rows of the table in tools/README.md. */
  readonly explained: Readonly<Record<string, number>>
  /** Refused by name, as they should be. */
  readonly refused: number
  readonly different: number
  readonly differences: readonly { readonly file: string; readonly what: string }[]
  /** Kinds that could not be made, by what was missing. */
  readonly leftOut: Readonly<Record<string, number>>
  readonly versions: Readonly<Record<string, string>>
  readonly groups: readonly GroupCounts[]
}

interface GroupCounts {
  readonly group: string
  readonly counts: Readonly<Record<Outcome['kind'], number>>
}

const kinds = ['same', 'values', 'explained', 'refused', 'different'] as const

/** Counts outcomes, which are in the order of the list's pictures. */
export function oracleReport(
  { pictures, leftOut, versions }: PictureList,
  outcomes: readonly Outcome[],
): OracleReport {
  const explained: Record<string, number> = {}
  for (const outcome of outcomes) {
    if (outcome.kind === 'explained') explained[outcome.why] = (explained[outcome.why] ?? 0) + 1
  }
  const count = (kind: Outcome['kind'], group?: string) =>
    outcomes.filter(
      (outcome, at) => outcome.kind === kind && (group === undefined || pictures[at]!.group === group),
    ).length
  const groups = [...new Set(pictures.map(({ group }: ListedPicture) => group))]
  return {
    pictures: pictures.length,
    same: count('same'),
    values: count('values'),
    explained,
    refused: count('refused'),
    different: count('different'),
    differences: outcomes.flatMap((outcome, at) =>
      outcome.kind === 'different' ? [{ file: pictures[at]!.file, what: outcome.what }] : [],
    ),
    leftOut,
    versions,
    groups: groups.map((group) => ({
      group,
      counts: Object.fromEntries(kinds.map((kind) => [kind, count(kind, group)])) as GroupCounts['counts'],
    })),
  }
}

/** One line of JSON. */
export function reportJson({ groups: _groups, ...report }: OracleReport): string {
  return JSON.stringify(report)
}

/** A row for each group of formats, and what is explained and left out. */
export function reportTable(report: OracleReport): string {
  const table = new Table({
    head: ['format', 'pictures', 'as Pillow', 'as the values', 'explained', 'refused', 'different'],
    style: { head: [], border: [] },
  })
  for (const { group, counts } of report.groups) {
    const numbers = kinds.map((kind) => counts[kind])
    table.push([group, numbers.reduce((sum, one) => sum + one, 0), ...numbers])
  }
  const lines = (title: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([what, count]) => `${title}${what}: ${count}`)
  return [
    table.toString(),
    ...lines('explained, see tools/README.md: ', report.explained),
    ...lines('left out: ', report.leftOut),
    ...report.differences.map(({ file, what }) => `${file} ${what}`),
  ].join('\n')
}
