import type { PreparedDataset } from '@m2l/datasets'
import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { count, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { type OutputOptions, withProgress } from './output-options.js'

interface PrepareCommandOptions extends OutputOptions {
  readonly from: string
  readonly to: string
  readonly split?: string
  readonly incomplete?: true
  readonly force?: true
}

/** `m2l data prepare`: on Ctrl-C it leaves nothing behind. */
export function dataPrepareCommand(): Command {
  const command = new Command('prepare')
    .description('make a checked folder for recipes from a data set as it is distributed')
    .argument('<name>', 'the data set, see below; or a name of your own, with --split')
    .requiredOption('--from <path>', 'an archive, or a folder with archives, pickles or pictures')
    .requiredOption('--to <folder>', 'the folder to make')
    .option('--split <name>', 'a shipped split or the path of a split file (default: that of the data set)')
    .option('--incomplete', 'accept a source that lacks classes or images')
    .option('--force', 'replace the folder and all it holds')
  return withProgress(command)
    .addHelpText(
      'after',
      `
Data sets:
  mini-imagenet     train, val and test folders; images/ with CSV files; pickles
  tiered-imagenet   train, val and test folders; pickles or npz files with labels
  cifar-fs, fc100   CIFAR-100: cifar-100-binary.tar.gz, cifar-100-python.tar.gz, class folders; pickles
  cub               CUB_200_2011.tgz, with --split cub-closerlook or --split cub-frn
  stanford-dogs     images.tar, with --split FILE
  stanford-cars     car_ims.tgz and cars_annos.mat; or cars_train.tgz, cars_test.tgz, car_devkit.tgz and
                    cars_test_annos_withlabels.mat; or class folders; with --split FILE
  omniglot          images_background.zip and images_evaluation.zip

Examples:
  m2l data prepare cifar-fs --from cifar-100-python.tar.gz --to data/cifar-fs
  m2l data prepare omniglot --from downloads/omniglot --to data/omniglot
  m2l data prepare flowers --from 102flowers.zip --to data/flowers --split flowers.yaml

Pictures are copied as they are; bare pixels become PNG files. The folder holds dataset.json, which says
where it came from, and checksums.sha256, which "sha256sum -c" verifies.`,
    )
    .action(prepare)
}

async function prepare(name: string, options: PrepareCommandOptions): Promise<void> {
  const { describeLeftOut, prepareDataset } = await import('@m2l/datasets')
  const display = new ProgressDisplay(options)
  const started = performance.now()
  const { json, quiet, verbose: _verbose, ...wanted } = options
  const prepared = await interruptible(display, `${options.to} is as it was`, (signal) =>
    prepareDataset({ name, ...wanted, onProgress: display.counting('preparing'), signal }),
  )
  const duration = (performance.now() - started) / 1000
  const leftOut = describeLeftOut(prepared.leftOut)
  if (leftOut !== undefined && !quiet) display.say(leftOut)
  process.stdout.write(
    json ? `${JSON.stringify({ ...prepared, seconds: duration })}\n` : `${describe(prepared, duration)}\n`,
  )
}

function describe({ folder, card, pictures, bytes }: PreparedDataset, duration: number): string {
  const rows = Object.entries(card.splits).map(([split, { classes, images, hash }]) => [
    split,
    String(classes),
    String(images),
    hash.slice(0, 12),
  ])
  return [
    table(['split', 'classes', 'images', 'hash'], rows),
    ...(card.differences ?? []).map((difference) => `accepted: ${difference}`),
    `${folder}: ${count(pictures, 'picture')}, ${(bytes / 1e6).toFixed(1)} MB, in ${seconds(duration)}`,
  ].join('\n')
}
