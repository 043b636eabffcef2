import type { ExplanationReport } from '@m2l/m2l'
import { Command, Option } from 'commander'
import { interruptible } from '../interruptible.js'
import { count, percent, printable } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { withCard, type CardOption } from './card-option.js'
import { compareBy, withCompare, type CompareOptions } from './compare-options.js'
import { engineOptions, loadChosenEngine, type EngineOptions } from './engine-options.js'
import { withProgress, type OutputOptions } from './output-options.js'
import { withForce } from './recipe-options.js'
import { complaintOfUnreadable } from './unreadable-pictures.js'
import { isWholeNumber, wholeNumber } from './whole-number.js'

interface ExplainCommandOptions extends EngineOptions, OutputOptions, CompareOptions, CardOption {
  readonly query: readonly string[]
  readonly out: string
  readonly support?: string
  readonly episode?: number
  readonly manifest?: string
  readonly weights?: string
  readonly cfg?: string
  readonly classes?: number
  readonly labels?: string
  readonly force?: true
}

/** `m2l explain`: where in the pictures the scores of queries came from. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .description('draw why pictures are taken for a class: where in them the scores come from')
    .argument('[key=value...]', 'changes of the recipe')
    .requiredOption(
      '--query <query...>',
      'the pictures: folders, archives, files, or .csv tables; with --episode the numbers of its queries, from 0',
    )
    .requiredOption('--out <folder>', 'the folder for the drawings')
    .addOption(
      new Option(
        '--support <path>',
        'the examples: a folder or archive with a folder for each class, or a .csv table of filename,label',
      ).conflicts(['episode', 'manifest']),
    )
    .option('--episode <number>', 'an evaluated episode of the recipe, from 0', wholeNumber(0))
    .option('--manifest <file>', 'its episodes (default: test-manifest.jsonl of the run folder)')
    .option(
      '--weights <name>',
      'shipped or fetched weights, a checkpoint, or an ONNX network with its card (default: the best of the run folder; without a recipe auto, as m2l classify chooses)',
    )
    .option(
      '--cfg <file>',
      'the recipe; needed with --episode, and for weights that do not say how their model is made',
    )
    .option('--classes <count>', 'how many of the likeliest classes to explain (default: 2)', wholeNumber(1))
    .option(
      '--labels <file>',
      'names of the classes, lines such as n02206856,bee (default: labels.csv or the like among or beside the examples)',
    )
  return withProgress(withForce(engineOptions(withCompare(withCard(command)))))
    .addHelpText(
      'after',
      `
Examples:
  m2l explain --support examples --query photo.jpg --out why
  m2l explain --support icons --query new/*.png --weights emoji-conv64f --classes 3 --out why
  m2l explain --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --episode 3 --query 0 7 --out why

Each query is drawn to an SVG and a JPEG file in the folder, where index.html leads to them, wrong and doubtful ones
first. --episode takes the episodes that m2l evaluate left in the run folder; episodes and queries are counted from 0,
queries in the order of predictions.jsonl. Examples are needed as pictures, to draw over: of saved classes (m2l classify --save)
there are none. --json prints the plain data: for each level and class the score, and what
each place of the pictures adds to it.`,
    )
    .action(explain)
}

async function explain(overrides: string[], options: ExplainCommandOptions): Promise<void> {
  await requireConsistent(overrides, options)
  const display = new ProgressDisplay(options)
  await interruptible(display, 'drawings made so far are whole', async (signal) => {
    const { ClassNames, explainEpisode, explainPictures, readRecipe } = await import('@m2l/m2l')
    const namesOf = ({ displayNames, explanations: [first] }: ExplanationReport) =>
      new ClassNames(displayNames, first?.probabilities.map((one) => one.class) ?? []).of
    const recipe = options.cfg === undefined ? undefined : await readRecipe(options.cfg, overrides)
    await loadChosenEngine(options)
    const common = {
      folder: options.out,
      weights: options.weights,
      classes: options.classes,
      force: options.force,
      onNote: (line: string) => options.quiet || display.say(line),
      onExplained: display.counting('explaining'),
      signal,
    }
    const report =
      options.episode === undefined
        ? await explainPictures({
            ...common,
            support: options.support!,
            onExamples: display.counting('reading examples'),
            query: options.query,
            card: options.card,
            ...compareBy(options),
            labels: options.labels,
            recipe,
          })
        : await explainEpisode(recipe!, {
            ...common,
            episode: options.episode,
            queries: options.query.map(Number),
            manifest: options.manifest,
            onRender: display.rendering,
            onPack: display.packing,
            onPackProblem: display.say,
            onNote: (line: string) => options.quiet || display.say(line),
          })
    display.close()
    process.stdout.write(
      options.json ? `${JSON.stringify(report)}\n` : `${describe(report, namesOf(report))}\n`,
    )
    const complaint = complaintOfUnreadable(report)
    if (complaint === undefined) return
    const { InputError } = await import('@m2l/engine')
    throw new InputError(complaint)
  })
}

/** @throws {InputError} when the options do not say one thing */
async function requireConsistent(overrides: string[], options: ExplainCommandOptions): Promise<void> {
  const { InputError } = await import('@m2l/engine')
  const { support, episode, query, cfg, labels, head, features, views, card } = options
  if (labels !== undefined && episode !== undefined) {
    throw new InputError(
      `--labels ${labels}: goes with --support; a recipe names its own, as data.labels=${labels}`,
    )
  }
  const compared = Object.entries({ head, features, views: views === 'auto' ? undefined : views, card })
  const unasked = compared.find(([, value]) => value !== undefined)
  if (unasked && episode !== undefined) {
    throw new InputError(
      `--${unasked[0]} ${unasked[1]}: goes with --support; an episode is compared as its recipe says`,
    )
  }
  if (support === undefined && episode === undefined) {
    throw new InputError(
      'expected --support with a folder of examples, or --episode with the number of an evaluated episode',
    )
  }
  if (episode !== undefined && cfg === undefined) {
    throw new InputError(`--episode ${episode}: expected --cfg with the recipe that was evaluated`)
  }
  if (overrides.length > 0 && cfg === undefined) {
    throw new InputError(`${overrides[0]}: expected --cfg with the recipe that this changes`)
  }
  const wrong = episode === undefined ? undefined : query.find((text) => !isWholeNumber(text))
  if (wrong === undefined) return
  throw new InputError(
    `--query ${wrong}: expected the number of a query of episode ${episode}, from 0; for pictures name their examples with --support`,
  )
}

function describe(
  { explanations, weights, page }: ExplanationReport,
  called: (label: string) => string,
): string {
  const hasTruth = explanations.some(({ truth }) => truth !== undefined)
  const rows = explanations.map(({ query, predicted, truth, probabilities, jpeg }) => [
    query,
    called(predicted),
    percent(probabilities.find((one) => one.class === predicted)!.probability),
    ...(hasTruth ? [truth === undefined ? '' : called(truth)] : []),
    jpeg,
  ])
  const headings = ['query', 'taken for', '%', ...(hasTruth ? ['is'] : []), 'drawing']
  const silent = (explanations[0]?.levels ?? []).filter(({ explains }) => !explains).map(({ name }) => name)
  return [
    ...(rows.length > 0
      ? [
          table(
            headings,
            rows.map((row) => row.map((text) => printable(text))),
          ),
        ]
      : []),
    `${count(explanations.length, 'query', 'queries')} with ${weights}; an .svg lies beside each .jpg`,
    ...(page === null ? [] : [`page ${page}`]),
    ...silent.map((name) => `level ${name} does not tell where its scores come from`),
  ].join('\n')
}
