import type { Dataset } from '@m2l/datasets'
import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { type OutputOptions, withProgress } from './output-options.js'

interface ShowOptions extends OutputOptions {
  readonly cfg?: string
  readonly split?: string
  readonly exclude?: string
}

/** `m2l data show`. */
export function dataShowCommand(): Command {
  const command = new Command('show')
    .description('count the classes and images of a folder or archive, or of a recipe (--cfg)')
    .argument('[path]', 'a folder, zip or tar archive of class folders, or one of the known layouts')
    .option('--split <name>', 'a shipped split or the path of a split file')
    .option('--exclude <file>', 'a list of pictures to leave out, as m2l data check --fix writes it')
    .option('--cfg <file>', 'the recipe whose data set to show')
  return withProgress(command)
    .addHelpText(
      'after',
      `
Examples:
  m2l data show photos                              class folders, or train, val and test with class folders in them
  m2l data show cifar-100.tar.gz --split cifar-fs   an archive is read in place
  m2l data show --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml`,
    )
    .action(show)
}

async function show(path: string | undefined, options: ShowOptions): Promise<void> {
  const display = new ProgressDisplay(options)
  const dataset = await interruptible(display, 'nothing was changed', (signal) =>
    open(path, options, display, signal),
  )
  const splits = Object.values(dataset.splits).map(({ name, classes, hash }) => {
    const images = classes.map((ofClass) => ofClass.images.length)
    return {
      split: name,
      classes: classes.length,
      images: images.reduce((sum, count) => sum + count, 0),
      fewest: Math.min(...images),
      most: Math.max(...images),
      hash,
    }
  })
  await dataset.close()
  if (!options.quiet) dataset.notes.forEach(display.say)
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ dataset: dataset.name, splits, leftOut: dataset.leftOut, notes: dataset.notes })}\n`,
    )
    return
  }
  const rows = splits.map(({ split, classes, images, fewest, most, hash }) => [
    split,
    String(classes),
    String(images),
    fewest === most ? String(most) : `${fewest} to ${most}`,
    hash.slice(0, 12),
  ])
  process.stdout.write(`${table(['split', 'classes', 'images', 'images a class', 'hash'], rows)}\n`)
}

async function open(
  path: string | undefined,
  options: ShowOptions,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<Dataset> {
  const { InputError } = await import('@m2l/engine')
  if (options.cfg !== undefined && path === undefined) {
    for (const name of ['split', 'exclude'] as const) {
      if (options[name] === undefined) continue
      throw new InputError(`--${name} goes with a path; a recipe names its own, as data.${name}`)
    }
    const { openRecipeDataset, readRecipe } = await import('@m2l/m2l')
    const recipe = await readRecipe(options.cfg, ['data.pack=off'])
    return openRecipeDataset(recipe, ['train', 'val', 'test'], {
      onRender: display.rendering,
      signal,
    })
  }
  if (options.cfg !== undefined || path === undefined) {
    throw new InputError(
      'expected the path of a data set, or --cfg with a recipe, one of them; for example npx m2l data show photos.zip',
    )
  }
  const { openDataset } = await import('@m2l/datasets')
  return openDataset({
    root: path,
    split: options.split,
    exclude: options.exclude,
  })
}
