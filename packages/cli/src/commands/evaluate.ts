import type { EvaluationReport, FeatureEvaluation } from '@m2l/m2l'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { count, guessing, mebibytes, percent, printable, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { checkWritable } from '../writable-file.js'
import { profiled } from './profiled.js'
import { prepareRecipe, recipeCommand, type RecipeCommandOptions } from './recipe-options.js'

interface EvaluateCommandOptions extends RecipeCommandOptions {
  readonly checkpoint?: string
  readonly manifest?: string
  readonly bankMib?: number
  readonly bankFolder?: string
  readonly report?: string
  readonly card?: string
  readonly against?: string[]
  readonly features?: string
  readonly levels?: string
}

/** Options that are about a model, its pictures, or what a run folder keeps. */
const notWithFeatures = [
  'checkpoint',
  'manifest',
  'bankMib',
  'bankFolder',
  'report',
  'card',
  'against',
  'profile',
]

export function evaluateCommand(): Command {
  return recipeCommand('evaluate', "measure the accuracy of a recipe's model on test episodes")
    .option(
      '-c, --checkpoint <file>',
      'the checkpoint: a file, ours or a .pth of PyTorch, or shipped or fetched weights (default: best.safetensors of the run folder)',
    )
    .option(
      '--manifest <file>',
      'episodes to replay, or their digest (default: drawn from the seed of the recipe)',
    )
    .option(
      '--bank-mib <size>',
      'memory for the embeddings of all images, in MiB; beyond it they are kept on disk (default: half of what is free)',
      parseSize,
    )
    .option('--bank-folder <folder>', 'where embeddings are kept on disk (default: for temporary files)')
    .option(
      '--report <file>',
      'write a page with curves, classes and pictures, one HTML file (also evaluates other numbers of shots)',
    )
    .option('--card <file>', 'write the result with all that it depends on, as JSON')
    .option(
      '--against <run...>',
      'run folders of other results on the same episodes, to compare with in the card',
    )
    .option(
      '--levels <yaml>',
      'the levels to compare by, as model.levels=… says them, for example {ridge: {}}',
    )
    .addOption(
      new Option(
        '--features <file>',
        'features that m2l embed or others made, in place of model and pictures: episodes are drawn from their labels, and the levels of the recipe compare them',
      ).conflicts(notWithFeatures),
    )
    .action(async (overrides: string[], options: EvaluateCommandOptions) => {
      if (options.report !== undefined) await checkWritable(options.report, 'the page', '--report')
      if (options.card !== undefined) await checkWritable(options.card, 'the card', '--card')
      const display = new ProgressDisplay(options)
      const { levels } = options
      const changes = levels === undefined ? overrides : [...overrides, `model.levels=${levels}`]
      const recipe = await prepareRecipe(options, changes, display)
      const { evaluateFeatures, evaluateRecipe } = await import('@m2l/m2l')
      const { features } = options
      if (features !== undefined) {
        const measured = await interruptible(display, 'nothing was written', (signal) =>
          evaluateFeatures(recipe, features, { onProgress: display.update, signal }),
        )
        process.stdout.write(
          options.json ? `${JSON.stringify(measured)}\n` : `${describeFeatures(measured)}\n`,
        )
        return
      }
      const report = await interruptible(display, 'earlier results are as they were', (signal) =>
        profiled(options, display.say, () =>
          evaluateRecipe(recipe, {
            checkpoint: options.checkpoint,
            manifest: options.manifest,
            bankMib: options.bankMib,
            bankFolder: options.bankFolder,
            page: options.report,
            card: options.card,
            against: options.against,
            force: options.force,
            onNote: (line) => options.quiet || display.say(line),
            onBank: (bank) => options.quiet || display.say(describeBank(bank)),
            onProgress: display.update,
            onRender: display.rendering,
            onPack: display.packing,
            onPackProblem: display.say,
            signal,
          }),
        ),
      )
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${describe(report)}\n`)
    })
    .addHelpText(
      'after',
      `
Examples:
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml test.episode=2000 --json
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml -c other/best.safetensors --manifest episodes.jsonl
  m2l evaluate --cfg configs/mini-imagenet/M2L_N5K1_R12.yaml -c published.pth
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml -c emoji-conv64f
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --report evaluation.html
  m2l evaluate --cfg configs/emoji/ProtoNet_N5K1_Conv64F-4x.yaml --features photos.safetensors --levels '{ridge: {}}'
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --manifest results/manifests/emoji_N5K1.json --card card.json

The episodes, the prediction for each query and the result are left in the run folder as test-manifest.jsonl,
predictions.jsonl and result.json. A result of other episodes, weights or settings that is there moves into
earlier/ in the run folder, where m2l compare finds it.`,
    )
}

function describeBank({ images, bytes, place }: EvaluationReport['bank']): string {
  return `feature bank: ${count(images, 'image')}, ${mebibytes(bytes)} ${place === 'memory' ? 'in memory' : 'on disk'}`
}

function parseSize(text: string): number {
  const size = Number(text)
  if (text.trim() !== '' && size >= 0 && Number.isFinite(size)) return size
  throw new InvalidArgumentError('expected a number of MiB, 0 or more')
}

function describeFeatures(report: FeatureEvaluation): string {
  const { episodes, ways, shots, features, weights, seconds: duration } = report
  const made = weights === null ? '' : `, made by ${printable(weights)},`
  return [
    accuracyTable(report),
    `${count(episodes, `${ways}-way ${String(shots)}-shot episode`)} of ${printable(features)}${made} in ${seconds(duration)}; ± is the 95 % interval; ${guessing(report.chance)}`,
    ...report.notes.map((note) => `note      ${note}`),
  ].join('\n')
}

function accuracyTable({
  accuracy: of,
  interval95,
}: Pick<EvaluationReport, 'accuracy' | 'interval95'>): string {
  const rows = Object.entries(of).map(([name, accuracy]) => [
    name,
    `${percent(accuracy)} ± ${percent(interval95[name]!)}`,
  ])
  return table(['level', 'accuracy (%)'], rows)
}

function describe(report: EvaluationReport): string {
  const {
    episodes,
    ways,
    shots,
    dataset,
    split,
    seconds: duration,
    result,
    manifest,
    predictions,
    page,
    card,
  } = report
  return [
    ...(report.rounds.length > 1 ? [roundsTable(report)] : []),
    accuracyTable(report),
    `${count(episodes, `${ways}-way ${shots}-shot episode`)} of ${dataset} (${split}) in ${seconds(duration)}; ± is the 95 % interval; ${guessing(report.chance)}`,
    ...report.notes.map((note) => `note      ${note}`),
    `result    ${result}`,
    `episodes  ${manifest}`,
    `predicted ${predictions}`,
    ...(report.earlier === undefined ? [] : [`earlier   ${report.earlier} keeps the result that was here`]),
    ...(page === undefined ? [] : [`page      ${page}`]),
    ...(card === undefined ? [] : [`card      ${card}`]),
  ].join('\n')
}

/** The fused accuracy of each round and their mean; the interval over all episodes is in the other table. */
function roundsTable({ rounds }: EvaluationReport): string {
  const rows = rounds.map(({ accuracy, interval95 }, round) => [
    String(round + 1),
    `${percent(accuracy)} ± ${percent(interval95)}`,
  ])
  const mean = rounds.reduce((sum, { accuracy }) => sum + accuracy, 0) / rounds.length
  return table(['round', 'accuracy (%)'], [...rows, ['mean', percent(mean)]])
}
