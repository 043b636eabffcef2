import { barChart, page, table, type Section } from '@m2l/report'
import type { Measured } from './cards.js'
import { grouped } from './grouped.js'
import { datasetOf, episodesOf, methodOf, type ResultTable } from './tables.js'

/** The results as an HTML page: a chart for each data set, ways and shots, then the tables. */
export function resultsPage(results: readonly Measured[], tables: readonly ResultTable[]): string {
  return page({
    title: 'Results of M2L',
    summary: `${results.length} results, each from a recipe in configs/ on a manifest of test episodes that is kept beside it.`,
    sections: [
      chartSection(results),
      ...tables.map(({ title, note, columns, rows }) => ({ title, note, content: table({ columns, rows }) })),
    ],
    footer: 'Made of the cards in results/cards by npm run results.',
  })
}

function chartSection(results: readonly Measured[]): Section {
  const groups = grouped(
    results.filter(({ ablation }) => !ablation),
    (result) => `${datasetOf(result)}, ${episodesOf(result)}`,
  )
  return {
    title: 'By data set',
    note: 'Accuracy of the fused prediction with its 95 % interval.',
    content: [...groups].map(([label, ofGroup]) =>
      barChart({
        label,
        caption: `${label}.`,
        value: { label: 'accuracy (%)', percent: true, domain: [0, 1] },
        bars: ofGroup.map((result) => {
          const { card } = result
          const { fused } = card.accuracy
          const half = card.interval95['fused']!
          return {
            name: barName(result),
            value: fused!,
            low: Math.max(0, fused! - half),
            high: Math.min(1, fused! + half),
            text: `${(100 * fused!).toFixed(1)} ± ${(100 * half).toFixed(1)}`,
          }
        }),
        reference: { name: 'chance', value: 1 / ofGroup[0]!.card.episodes.ways },
      }),
    ),
  }
}

/** As the tables call it, but short enough for a chart. */
function barName(result: Measured): string {
  if ('shipped' in result.weights) return 'shipped weights'
  return result.seed === 1 ? methodOf(result) : `${methodOf(result)}, seed ${result.seed}`
}
