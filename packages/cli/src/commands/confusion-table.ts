import type { ClassificationReport } from '@m2l/m2l'
import { tableWidth, table } from '../terminal/table.js'

/** Larger matrices are told by what is confused most. */
const mostClasses = 12

/** Where nobody says how wide it may be. */
const usualWidth = 100

/** A column of names is never narrower where classes have numbers. */
const leastOfName = 16

/**
 * How many pictures of each class were given each label: a matrix, where that is too wide one whose columns
 * are the numbers of the classes, and where that is too wide as well the pairs that were confused most.
 *
 * @param called what a class is called
 */
export function confusionTable(
  { labels, counts }: NonNullable<ClassificationReport['confusion']>,
  called: (label: string) => string,
  stream: NodeJS.WriteStream = process.stdout,
): string[] {
  const most = stream.isTTY ? stream.columns : usualWidth
  const matrix = (headings: readonly string[], name: (index: number) => string) => ({
    headings: ['class \\ label', ...headings],
    rows: counts.map((row, index) => [name(index), ...row.map(String)]),
  })
  const whole = matrix(labels.map(called), (index) => called(labels[index]!))
  const numbered = matrix(
    labels.map((_, index) => String(index + 1)),
    (index) => `${index + 1} ${called(labels[index]!)}`,
  )
  const isFew = labels.length <= mostClasses
  if (isFew && tableWidth(whole) <= most) return [table(whole.headings, whole.rows, stream)]
  const [, ...columns] = numbered.headings
  const isNarrow =
    tableWidth({ ...numbered, headings: ['', ...columns], rows: withName(numbered.rows) }) <= most
  if (isFew && isNarrow) return [table(numbered.headings, numbered.rows, stream)]
  return mostConfused({ labels, counts }, called, stream)
}

/** Rows whose first cell is as short as it may become. */
function withName(rows: readonly (readonly string[])[]): string[][] {
  return rows.map(([name, ...cells]) => [name!.slice(0, leastOfName), ...cells])
}

function mostConfused(
  { labels, counts }: NonNullable<ClassificationReport['confusion']>,
  called: (label: string) => string,
  stream: NodeJS.WriteStream,
): string[] {
  const mistakes = counts
    .flatMap((row, truth) =>
      row.flatMap((pictures, label) => (pictures > 0 && truth !== label ? [{ pictures, truth, label }] : [])),
    )
    .toSorted((a, b) => b.pictures - a.pictures)
  if (mistakes.length === 0) return []
  const rows = mistakes
    .slice(0, mostClasses)
    .map(({ pictures, truth, label }) => [called(labels[truth]!), called(labels[label]!), String(pictures)])
  const more = mistakes.length - rows.length
  return [
    table(['class', 'taken for', 'pictures'], rows, stream),
    ...(more > 0 ? [`and ${more} more pairs that were confused; --json and --report tell all`] : []),
  ]
}
