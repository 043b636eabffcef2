import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { interruptible } from '../interruptible.js'
import { commandLine } from '../shell-words.js'
import { printable } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { checkWritable } from '../writable-file.js'
import { classificationAsCsv, describeClassification, describeLabelNext } from './classification-output.js'
import { compareBy, withCompare } from './compare-options.js'
import { withCard } from './card-option.js'
import { engineOptions, loadChosenEngine } from './engine-options.js'
import { refuseToReplace } from './new-file.js'
import { withProgress } from './output-options.js'
import { withForce } from './recipe-options.js'
import {
  checkSorting,
  complaintOfGone,
  describeSorting,
  sortClassified,
  withSorting,
  type SortingCommandOptions,
} from './sorting.js'
import { complaintOfUnreadable } from './unreadable-pictures.js'
import { watch, type WatchCommandOptions } from './watch.js'
import { wholeNumber } from './whole-number.js'

interface ClassifyCommandOptions extends WatchCommandOptions, SortingCommandOptions {
  readonly labelNext?: number
  readonly report?: string
  readonly csv?: true
}

/** `m2l classify`: people's own pictures by a handful of examples. */
export function classifyCommand(): Command {
  const command = new Command('classify')
    .description('classify pictures by a few examples of each class')
    .option(
      '--support <path>',
      'the examples: a folder or archive with a folder for each class, a .csv table of filename,label, or features (m2l embed)',
    )
    .option(
      '--load <file>',
      'classes that --save wrote, in place of --support; examples of both are taken together',
    )
    .option(
      '--save <file>',
      'save the classes as soon as their examples are read, for --load and m2l classes',
    )
    .option(
      '--query <path...>',
      'the pictures: folders, archives, files, or .csv tables; of features their files',
    )
    .option(
      '--weights <name>',
      'shipped or fetched weights, a checkpoint, or an ONNX network with its card (default: those of --load, or auto: those at hand that tell the examples apart best)',
    )
    .option(
      '--cfg <file>',
      'the recipe of weights that do not say how their model is made, or of the levels that compare features',
    )
    .option(
      '--unknown <threshold>',
      'call pictures unknown that are less familiar than this, from 0 to 1; auto is .5, calibrated by the examples',
      parseUnknown,
    )
    .option(
      '--top <count>',
      'how many of the most probable classes to print of each picture (default: one; with --json all)',
      wholeNumber(1),
    )
    .option(
      '--labels <file>',
      'names of the classes, lines such as n02206856,bee (default: labels.csv or the like among or beside the examples)',
    )
    .option(
      '--label-next <count>',
      'how many pictures to name that would help most as further examples, once you know their class (default: 5, in --json and --report)',
      wholeNumber(0),
    )
    .option('--report <file>', 'write a page with pictures, one HTML file')
    .addOption(
      new Option(
        '--watch <folder>',
        'in place of --query: answer for each picture as it arrives in a folder, a line each, until Ctrl-C',
      ).conflicts(['query', 'report', 'csv', 'labelNext', 'moveTo', 'linkTo', 'yes']),
    )
  return withProgress(withForce(engineOptions(withSorting(withCompare(withCard(command))))))
    .addOption(new Option('--csv', 'print a table of comma-separated values').conflicts('json'))
    .addHelpText(
      'after',
      `
Examples:
  m2l classify --support examples --query photos                 examples/cat/1.jpg, examples/dog/1.jpg, …
  m2l classify --support examples.csv --query IMG_*.jpg --json   lines such as: pictures/1.jpg,cat
  m2l classify --support icons --query new --weights emoji-conv64f --unknown auto
  m2l classify --support examples --query photos --report found.html
  m2l classify --support examples --query photos --save pets.safetensors
  m2l classify --load pets.safetensors --query more-photos       m2l classes --help: show, add, remove, merge
  m2l classify --support examples.safetensors --query photos.safetensors   features that m2l embed or others made
  m2l classify --load pets.safetensors --query inbox --unknown auto --move-to sorted   what would move; --yes moves it
  m2l classify --load pets.safetensors --watch inbox --json      a line of JSON for each picture
  m2l classify --support examples --query photos --weights dinov2-small.onnx   with the card dinov2-small.yaml
  m2l weights list                                               the weights that can be named

A file of classes knows its weights. --save replaces the file that --load names; another that is there is replaced with --force
alone. --move-to and --link-to overwrite nothing; an undo file in the folder puts all back (m2l classes undo FILE).
Where the pictures lie in folders called like the classes, it is measured how many are right. Each file counts once, however
often it is given, and pictures that are examples themselves do not count. Pictures and examples that cannot be read are
named and left out; the exit code is then 2.`,
    )
    .action(classify)
}

async function classify(options: ClassifyCommandOptions, command: Command): Promise<void> {
  if (options.support === undefined && options.load === undefined) {
    command.error("error: expected examples: option '--support <path>' or '--load <file>' is not specified", {
      exitCode: 2,
    })
  }
  const { query } = options
  if (query === undefined && options.watch === undefined) {
    command.error("error: required option '--query <path...>' not specified, nor '--watch <folder>'", {
      exitCode: 2,
    })
  }
  if (options.report !== undefined) await checkWritable(options.report, 'the page', '--report')
  if (options.save !== undefined) await checkSave(options.save, options)
  if (options.watch !== undefined) return watch(options.watch, options)
  await checkSorting(query!, options)
  const display = new ProgressDisplay(options)
  let undo: string | undefined
  const left = () =>
    undo !== undefined
      ? `put back what was sorted with ${commandLine(['classes', 'undo', undo])}`
      : options.save === undefined
        ? 'nothing was written'
        : 'nothing half-made stays'
  await interruptible(display, left, async (signal) => {
    const { InputError } = await import('@m2l/engine')
    const { writeFileAtomically } = await import('@m2l/engine-native')
    const { ClassNames, classificationPage, classifyPictures, isFeatureFile, readRecipe, unknownLabel } =
      await import('@m2l/m2l')
    if (options.report !== undefined && options.support !== undefined && isFeatureFile(options.support)) {
      throw new InputError(
        `${options.support}: are features, without pictures for a page; leave out --report, or name the pictures`,
      )
    }
    const recipe = options.cfg === undefined ? undefined : await readRecipe(options.cfg)
    await loadChosenEngine(options)
    const counting = {
      examples: display.counting('reading examples'),
      pictures: display.counting('classifying'),
    }
    const by = {
      support: options.support,
      load: options.load,
      query: query!,
      recipe,
      force: options.force,
      card: options.card,
      ...compareBy(options),
    }
    const report = await classifyPictures({
      ...by,
      save: options.save,
      weights: options.weights,
      unknown: options.unknown,
      top: options.top,
      labelNext: options.labelNext,
      labels: options.labels,
      onProgress: (what, done, total) => counting[what](done, total),
      onNote: (line) => options.quiet || display.say(line),
      signal,
    })
    const sorting = await sortClassified(report, options, {
      display,
      signal,
      onUndoFile: (file) => (undo = file),
    })
    display.close()
    const output = options.json
      ? `${JSON.stringify(sorting ? { ...report, sorting } : report)}\n`
      : options.csv
        ? classificationAsCsv(report, options.top ?? 1)
        : describeClassification(
            report,
            options.top ?? 1,
            new ClassNames(report.displayNames, [...Object.keys(report.classes), unknownLabel]),
          )
    if (options.report !== undefined) {
      await writeFileAtomically(options.report, await classificationPage(report, by))
    }
    process.stdout.write(output)
    if (!options.json) {
      const told = [
        ...(options.labelNext === undefined ? [] : [describeLabelNext(report)]),
        ...(sorting ? [describeSorting(sorting)] : []),
      ]
      process[options.csv ? 'stderr' : 'stdout'].write(told.join(''))
    }
    if (options.report !== undefined && !options.quiet) display.say(`page ${printable(options.report, 300)}`)
    const complaints = [complaintOfUnreadable(report), sorting && complaintOfGone(sorting)]
    const complaint = complaints.filter((line) => line !== undefined).join('; ')
    if (complaint !== '') throw new InputError(complaint)
  })
}

/** The file that was loaded may be written back to. */
async function checkSave(
  file: string,
  { load, force }: Pick<ClassifyCommandOptions, 'load' | 'force'>,
): Promise<void> {
  await checkWritable(file, 'the classes', '--save')
  if (!force && (load === undefined || resolve(load) !== resolve(file))) await refuseToReplace(file, '--save')
}

function parseUnknown(text: string): number | 'auto' {
  if (text === 'auto') return text
  const threshold = Number(text)
  if (text.trim() !== '' && threshold >= 0 && threshold <= 1) return threshold
  throw new InvalidArgumentError('expected auto or a number from 0 to 1')
}
