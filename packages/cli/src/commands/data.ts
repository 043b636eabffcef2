import { openDataset, shippedSplits, type Dataset } from '@m2l/datasets'
import { openRecipeDataset, readRecipe } from '@m2l/m2l'
import { InputError } from '@m2l/engine'
import { Command } from 'commander'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'

interface ShowOptions {
  readonly cfg?: string
  readonly split?: string
  readonly json?: true
}

/** `m2l data show` and `m2l data splits`. */
export function dataCommand(): Command {
  const data = new Command('data').description('look at data sets and split files').exitOverride()
  data
    .command('show')
    .description('count the classes and images of a folder or archive, or of a recipe (--cfg)')
    .argument('[path]', 'a folder, zip or tar archive of class folders, or one of the known layouts')
    .option('--split <name>', 'a shipped split or the path of a split file')
    .option('--cfg <file>', 'the recipe whose data set to show')
    .option('--json', 'print one JSON object on standard output and nothing else there')
    .exitOverride()
    .action(show)
  data
    .command('splits')
    .description('list the split files that are shipped')
    .option('--json', 'print one JSON object on standard output and nothing else there')
    .exitOverride()
    .action((options: ShowOptions) => {
      const names = shippedSplits()
      process.stdout.write(options.json ? `${JSON.stringify({ splits: names })}\n` : `${names.join('\n')}\n`)
    })
  return data
}

async function show(path: string | undefined, options: ShowOptions): Promise<void> {
  const display = new ProgressDisplay({})
  const dataset = await open(path, options, display)
  display.close()
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
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ dataset: dataset.name, splits })}\n`)
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
): Promise<Dataset> {
  if (options.cfg !== undefined && path === undefined) {
    return openRecipeDataset(await readRecipe(options.cfg), display.rendering)
  }
  if (options.cfg !== undefined || path === undefined) {
    throw new InputError('expected the path of a data set or --cfg RECIPE, one of them')
  }
  return openDataset({ root: path, ...(options.split !== undefined && { split: options.split }) })
}
