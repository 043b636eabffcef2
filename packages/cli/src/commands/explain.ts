import type { EpisodeQueries, ExplanationReport, FileQueries } from '@m2l/m2l'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { InterruptedError, watchForInterruption } from '../interruption.js'
import { percent } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { profiled } from './profiled.js'
import { prepareRecipe, recipeCommand, type RecipeCommandOptions } from './recipe-options.js'

interface ExplainCommandOptions extends RecipeCommandOptions {
  readonly query: readonly string[]
  readonly out: string
  readonly support?: string
  readonly episode?: number
  readonly manifest?: string
  readonly checkpoint?: string
  readonly classes?: number
}

/** `m2l explain`. */
export function explainCommand(): Command {
  return recipeCommand('explain', 'draw where in the pictures the scores of queries came from')
    .requiredOption('--query <query...>', 'picture files; or with --episode numbers of its queries, from 0')
    .requiredOption('--out <folder>', 'the folder for the drawings')
    .addOption(
      new Option('--support <folder>', 'examples: a folder, or an archive, of class folders').conflicts([
        'episode',
        'manifest',
      ]),
    )
    .option('--episode <number>', 'an episode of the manifest, from 0', parseCount(0))
    .option('--manifest <file>', 'the episodes (default: test-manifest.jsonl of the run folder)')
    .option(
      '-c, --checkpoint <file>',
      'the checkpoint, ours or a .pth of PyTorch (default: best.safetensors of the run folder)',
    )
    .option('--classes <count>', 'how many of the likeliest classes to explain (default: 2)', parseCount(1))
    .action(async (overrides: string[], options: ExplainCommandOptions) => {
      const queries = await queriesOf(options)
      const recipe = await prepareRecipe(options, overrides)
      const display = new ProgressDisplay(options)
      const interruption = watchForInterruption(display.say)
      try {
        const { explainRecipe } = await import('@m2l/m2l')
        const report = await profiled(options, display.say, () =>
          explainRecipe(recipe, {
            queries,
            folder: options.out,
            ...(options.checkpoint !== undefined && { checkpoint: options.checkpoint }),
            ...(options.classes !== undefined && { classes: options.classes }),
            onRender: display.rendering,
            onPack: display.packing,
            onPackProblem: display.say,
            signal: interruption.signal,
          }),
        )
        display.close()
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${describe(report)}\n`)
      } catch (error) {
        if (!interruption.signal.aborted) throw error
        throw new InterruptedError('interrupted; drawings made so far are whole', interruption.exitCode)
      } finally {
        display.close()
        interruption.release()
      }
    })
    .addHelpText(
      'after',
      `
Examples:
  m2l explain --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --support examples/ --query photo.jpg --out why
  m2l explain --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --episode 3 --query 0 7 --out why
  m2l explain --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --episode 3 --query 7 --out why --json

Each query is drawn to an SVG and a PNG file in the folder. --episode takes the episodes that m2l evaluate left in the run
folder; episodes and queries are counted from 0, queries in the order of predictions.jsonl. --json prints the plain data:
for each level and class the score, and for each place of the pictures what it adds.`,
    )
}

async function queriesOf(options: ExplainCommandOptions): Promise<FileQueries | EpisodeQueries> {
  const { InputError } = await import('@m2l/engine')
  const { support, episode, manifest, query } = options
  if (support !== undefined) return { support, files: query }
  if (episode === undefined) {
    throw new InputError(
      'expected --support with a folder of examples, or --episode with the number of an evaluated episode',
    )
  }
  const wrong = query.find((text) => !isCount(text))
  if (wrong !== undefined) {
    throw new InputError(
      `--query ${wrong}: expected the number of a query of episode ${episode}, from 0; for a picture file name its examples with --support`,
    )
  }
  return { episode, queries: query.map(Number), ...(manifest !== undefined && { manifest }) }
}

function describe({ explanations }: ExplanationReport): string {
  const hasTruth = explanations.some(({ truth }) => truth !== undefined)
  const rows = explanations.map(({ query, predicted, truth = '', probabilities, png }) => [
    query,
    predicted,
    percent(probabilities.find((one) => one.class === predicted)!.probability),
    ...(hasTruth ? [truth] : []),
    png,
  ])
  const headings = ['query', 'taken for', 'probability (%)', ...(hasTruth ? ['is'] : []), 'drawing']
  const silent = explanations[0]!.levels.filter(({ explains }) => !explains).map(({ name }) => name)
  return [
    table(headings, rows),
    ...(silent.length > 0 ? [`${silent.join(', ')}: does not tell where its scores come from`] : []),
  ].join('\n')
}

function parseCount(least: number): (text: string) => number {
  return (text) => {
    if (isCount(text) && Number(text) >= least) return Number(text)
    throw new InvalidArgumentError(`expected a whole number of at least ${least}`)
  }
}

function isCount(text: string): boolean {
  return /^\d{1,9}$/.test(text)
}
