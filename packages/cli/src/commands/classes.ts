import type { ChangedClasses, ClassesReport } from '@m2l/m2l'
import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { count, printable } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { withCard, type CardOption } from './card-option.js'
import { engineOptions, loadChosenEngine, type EngineOptions } from './engine-options.js'
import { withJson, withProgress, type OutputOptions } from './output-options.js'
import { withForce } from './recipe-options.js'
import { complaintOfUnreadable } from './unreadable-pictures.js'

interface AddOptions extends EngineOptions, OutputOptions, CardOption {
  readonly weights?: string
  readonly cfg?: string
  readonly force?: true
}

type JsonOption = Pick<OutputOptions, 'json'>

/**
 * `m2l classes show`, `add`, `remove` and `merge`: the classes that `m2l classify --save` wrote; `undo`: what
 * it sorted.
 */
export function classesCommand(): Command {
  const classes = new Command('classes')
    .description('look at saved classes and change them; put pictures back that were sorted by class')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
  withJson(classes.command('show'))
    .description('list the classes of a file with their examples, and the weights that they belong to')
    .argument('<file>', 'a file that m2l classify --save wrote')
    .addHelpText('after', examplesOfUse('m2l classes show pets.safetensors'))
    .action(show)
  withProgress(withForce(engineOptions(withCard(classes.command('add')))))
    .description('add examples to classes, or classes; the file is replaced at once')
    .argument('<file>', 'a file that m2l classify --save wrote')
    .argument(
      '<examples>',
      'a folder or archive with a folder for each class, or a .csv table of filename,label',
    )
    .option('--weights <name>', 'where the weights of the classes are, if not where the file says')
    .option('--cfg <file>', 'the recipe of weights that do not say how their model is made')
    .addHelpText('after', examplesOfUse('m2l classes add pets.safetensors more-examples'))
    .action(add)
  withJson(classes.command('remove'))
    .description('remove classes; the file is replaced at once')
    .argument('<file>', 'a file that m2l classify --save wrote')
    .argument('<label...>', 'the classes to remove')
    .addHelpText('after', examplesOfUse('m2l classes remove pets.safetensors hamster'))
    .action(remove)
  withJson(classes.command('merge'))
    .description(
      'add the classes of a file to those of another, of the same weights; that one is replaced at once',
    )
    .argument('<file>', 'the file that is added to')
    .argument('<other>', 'the file that is added, which stays as it is')
    .addHelpText('after', examplesOfUse('m2l classes merge pets.safetensors birds.safetensors'))
    .action(merge)
  withProgress(classes.command('undo'))
    .description('put pictures back that m2l classify sorted into folders of classes')
    .argument('<undo-file>', 'the file that --move-to or --link-to left in the folder')
    .addHelpText('after', examplesOfUse('m2l classes undo sorted/undo.jsonl'))
    .action(undo)
  return classes.addHelpText(
    'after',
    examplesOfUse(
      'm2l classes show pets.safetensors                         written by m2l classify --save',
      'm2l classes add pets.safetensors more-examples',
      'm2l classes undo sorted/undo.jsonl                        left by m2l classify --move-to',
    ),
  )
}

function examplesOfUse(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

async function show(file: string, options: JsonOption): Promise<void> {
  const { showClasses } = await import('@m2l/m2l')
  print(await showClasses(file), options)
}

async function add(file: string, examples: string, options: AddOptions): Promise<void> {
  const display = new ProgressDisplay(options)
  await interruptible(display, `${file} is as it was`, async (signal) => {
    const { InputError } = await import('@m2l/engine')
    const { addToClasses, readRecipe } = await import('@m2l/m2l')
    const recipe = options.cfg === undefined ? undefined : await readRecipe(options.cfg)
    await loadChosenEngine(options)
    const changed = await addToClasses(file, examples, {
      weights: options.weights,
      card: options.card,
      recipe,
      force: options.force,
      onProgress: display.counting('reading examples'),
      onNote: (line) => options.quiet || display.say(line),
      signal,
    })
    display.close()
    if (!options.quiet) tellNotes(changed)
    print(changed, options)
    const complaint = complaintOfUnreadable({ ...changed, unreadable: [] })
    if (complaint !== undefined) throw new InputError(complaint)
  })
}

async function remove(file: string, labels: readonly string[], options: JsonOption): Promise<void> {
  const { removeFromClasses } = await import('@m2l/m2l')
  print(await removeFromClasses(file, labels), options)
}

async function merge(file: string, other: string, options: JsonOption): Promise<void> {
  const { mergeIntoClasses } = await import('@m2l/m2l')
  const changed = await mergeIntoClasses(file, other)
  tellNotes(changed)
  print(changed, options)
}

async function undo(file: string, options: OutputOptions): Promise<void> {
  const display = new ProgressDisplay(options)
  await interruptible(display, 'what is put back stays so', async (signal) => {
    const { InputError } = await import('@m2l/engine')
    const { undoSort } = await import('@m2l/m2l')
    const undone = await undoSort(file, { onProgress: display.counting('putting back'), signal })
    display.close()
    process.stdout.write(
      options.json ? `${JSON.stringify(undone)}\n` : `${count(undone.undone, 'picture')} put back\n`,
    )
    const { left } = undone
    if (left.length === 0) return
    const told = left.slice(0, mostNames).map((one) => `${one.file}: ${one.why}`)
    throw new InputError(
      `${count(left.length, 'picture')} could not be put back, and ${file} stays: ${told.join('; ')}${left.length > mostNames ? '; …' : ''}`,
    )
  })
}

function tellNotes({ notes }: ChangedClasses): void {
  for (const note of notes) process.stderr.write(`${note}\n`)
}

/** So many examples of a class, or pictures, are named on a terminal. */
const mostNames = 3

function print(report: ClassesReport, { json }: JsonOption): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  const { classes, weights } = report
  const rows = classes.map(({ label, images, examples }) => [
    printable(label),
    String(images),
    `${examples
      .slice(0, mostNames)
      .map((name) => printable(name ?? 'without a name'))
      .join(', ')}${images > mostNames ? ', …' : ''}`,
  ])
  const all = classes.reduce((sum, { images }) => sum + images, 0)
  process.stdout.write(
    `${table(['class', 'examples', 'files'], rows)}\n${count(classes.length, 'class')}, ${count(all, 'example')}, of the weights ${weights === null ? 'that they were saved with, which the file does not name' : printable(weights)}\n`,
  )
}
