import type { Comparison } from '@m2l/m2l'
import { Command } from 'commander'
import { count, guessing, percent, printable } from '../terminal/format.js'
import { table } from '../terminal/table.js'
import { type OutputOptions, withJson } from './output-options.js'
import { wholeNumber } from './whole-number.js'

interface CompareCommandOptions extends Pick<OutputOptions, 'json'> {
  readonly seed?: number
  readonly permutations?: number
  readonly episodes?: number
  readonly force?: true
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('tell whether one result is better than another on the same episodes')
    .argument('<a>', 'a run folder, or the predictions.jsonl or result.json in one')
    .argument('<b>', 'the other')
    .option('--seed <number>', 'of the permutation test (default: 1)', wholeNumber(0))
    .option('--permutations <count>', 'of the permutation test (default: 10000)', wholeNumber(1))
    .option(
      '--episodes <count>',
      'how many of the episodes that differ most to list (default: 10)',
      wholeNumber(0),
    )
    .option('--force', 'compare results on other pictures of the same names')
  return withJson(command)
    .addHelpText(
      'after',
      `
Examples:
  m2l compare runs/emoji/M2L_N5K1_Conv64F-4x runs/emoji/ProtoNet_N5K1_Conv64F-4x
  m2l compare first/predictions.jsonl second/predictions.jsonl --json
  m2l evaluate --cfg b.yaml --manifest runs/emoji/a/test-manifest.jsonl     the same episodes for both

Differences are A - B, with 95 % intervals over episodes. p is the chance of a difference at least as large where there
is none: of the permutation test, and of Student's paired t-test. Results on other episodes are refused.`,
    )
    .action(compare)
}

async function compare(a: string, b: string, options: CompareCommandOptions): Promise<void> {
  const { compareResults } = await import('@m2l/m2l')
  const { json, ...wanted } = options
  const comparison = await compareResults(a, b, wanted)
  process.stdout.write(json ? `${JSON.stringify(comparison)}\n` : `${describe(comparison)}\n`)
}

/** Classes and episodes of which people are told. */
const classesShown = 10

function describe(comparison: Comparison): string {
  const { a, b, episodes, ways, shots, dataset, split, seed, permutations, levelsApart } = comparison
  const apart = [...levelsApart.a.map((name) => `${name} (A)`), ...levelsApart.b.map((name) => `${name} (B)`)]
  return [
    `A ${a.source}: ${a.recipe}, ${a.checkpoint}`,
    `B ${b.source}: ${b.recipe}, ${b.checkpoint}`,
    levelsTable(comparison),
    ...(apart.length > 0 ? [`only one has ${apart.join(', ')}`] : []),
    `${episodes} ${ways}-way ${String(shots)}-shot episodes of ${dataset} (${split}); ${guessing(1 / ways)}; ± is the 95 % interval; ${permutations} permutations, seed ${seed}`,
    ...comparison.notes.map((note) => `note: ${note}`),
    verdict(comparison),
    classesTable(comparison),
    ...episodesTable(comparison),
  ].join('\n')
}

function levelsTable({ levels }: Comparison): string {
  const rows = Object.entries(levels).map(([name, one]) => [
    name,
    percent(one.a),
    percent(one.b),
    `${signed(one.difference)} ± ${percent(one.interval95)}`,
    pValue(one.pPermutation),
    pValue(one.pT),
    percent(one.agreement),
    percent(one.right.onlyA),
    percent(one.right.onlyB),
  ])
  return table(
    ['level', 'A (%)', 'B (%)', 'A - B', 'p (perm.)', 'p (t)', 'agree (%)', 'only A right', 'only B right'],
    rows,
  )
}

function verdict({ levels }: Comparison): string {
  const { difference, interval95, pPermutation } = levels['fused']!
  if (Math.abs(difference) <= interval95 || pPermutation >= 0.05)
    return 'no difference that chance does not explain'
  return `${difference > 0 ? 'A' : 'B'} is better`
}

function classesTable({ perClass }: Comparison): string {
  const rows = perClass
    .slice(0, classesShown)
    .map((one) => [
      printable(one.class),
      String(one.episodes),
      percent(one.a),
      percent(one.b),
      `${signed(one.difference)} ± ${percent(one.interval95)}`,
    ])
  const more =
    perClass.length > classesShown
      ? [`and ${count(perClass.length - classesShown, 'more class')}; --json lists all`]
      : []
  return [table(['class', 'episodes', 'A (%)', 'B (%)', 'A - B'], rows), ...more].join('\n')
}

function episodesTable({ mostDifferent }: Comparison): string[] {
  if (mostDifferent.length === 0) return []
  const rows = mostDifferent.map((one) => [
    String(one.episode),
    percent(one.a),
    percent(one.b),
    signed(one.difference),
    printable(one.classes.join(', ')),
  ])
  return [table(['episode', 'A (%)', 'B (%)', 'A - B', 'classes'], rows)]
}

function signed(fraction: number): string {
  return `${fraction < 0 ? '-' : '+'}${percent(Math.abs(fraction))}`
}

function pValue(p: number): string {
  return p < 1e-4 ? '< 0.0001' : p.toFixed(4)
}
