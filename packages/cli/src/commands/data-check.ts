import type { CheckOptions, DatasetCheck } from '@m2l/datasets'
import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { describeCheck } from '../terminal/describe-check.js'
import { count, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { checkWritable } from '../writable-file.js'
import { refuseToReplace } from './new-file.js'
import { type OutputOptions, withProgress } from './output-options.js'
import { wholeNumber } from './whole-number.js'

interface CheckCommandOptions extends OutputOptions {
  readonly split?: string
  readonly exclude?: string
  readonly near?: number
  readonly fewest?: number
  readonly smallest?: number
  readonly report?: string
  readonly fix?: string | true
  readonly force?: true
}

/** `m2l data check`: reads only; what it writes is a list of names. */
export function dataCheckCommand(): Command {
  const command = new Command('check')
    .description('look for broken pictures, copies, leakage between splits, near-empty classes and odd sizes')
    .argument('<path>', 'a folder, zip or tar archive of class folders, or one of the known layouts')
    .option('--split <name>', 'a shipped split or the path of a split file')
    .option('--exclude <file>', 'a list of pictures to leave out, as --fix writes it')
    .option(
      '--near <bits>',
      'pictures look the same where at most this many of the 64 bits of their hashes differ, 0 to 11 (default: 8)',
      wholeNumber(0),
    )
    .option('--fewest <images>', 'a class with fewer pictures is near-empty (default: 5)', wholeNumber(0))
    .option('--smallest <pixels>', 'a picture with a shorter side is tiny (default: 16)', wholeNumber(0))
    .option('--report <file>', 'write a page with charts and pictures, one HTML file')
    .option(
      '--fix [file]',
      'write a list of pictures to leave out (default: NAME.exclude.yaml); none is deleted',
    )
    .option('--force', 'let --fix replace a file that is there already')
  return withProgress(command)
    .addHelpText(
      'after',
      `
Examples:
  m2l data check photos
  m2l data check cifar-100.tar.gz --split cifar-fs --json
  m2l data check photos --report photos.html
  m2l data check photos --fix photos.exclude.yaml
  m2l data show photos --exclude photos.exclude.yaml
  m2l train --cfg recipe.yaml data.image_dir=photos data.exclude=photos.exclude.yaml

Copies are found by their pixels (SHA-256), pictures that look the same by their perceptual hash (pHash, 64 bits) and
coarse colours. The list names broken pictures and copies: of copies in one class one stays, of copies in several
classes none. Pictures that look the same are in it as comments, for you to decide.`,
    )
    .action(check)
}

async function check(path: string, options: CheckCommandOptions): Promise<void> {
  const { checkDataset, datasetName, describeLeftOut, writeExclusionList } = await import('@m2l/datasets')
  const list = options.fix === true ? `${datasetName(path)}.exclude.yaml` : options.fix
  if (list === undefined && options.force) {
    const { InputError } = await import('@m2l/engine')
    throw new InputError('--force lets --fix replace a file; name that, too, or leave it out')
  }
  if (list !== undefined && !options.force) await refuseToReplace(list, '--fix FILE')
  if (list !== undefined) await checkWritable(list, 'the list', '--fix')
  if (options.report !== undefined) await checkWritable(options.report, 'the page', '--report')
  const display = new ProgressDisplay(options)
  const started = performance.now()
  const found = await interruptible(display, 'nothing was written', async (signal) => {
    const wanted: CheckOptions = {
      root: path,
      split: options.split,
      exclude: options.exclude,
      distance: options.near,
      fewest: options.fewest,
      smallest: options.smallest,
      onProgress: display.counting('checking'),
      signal,
    }
    const checked = await checkDataset(wanted)
    if (options.report !== undefined) await writePage(options.report, wanted, checked)
    return checked
  })
  const duration = (performance.now() - started) / 1000
  const leftOut = describeLeftOut(found.leftOut)
  if (leftOut !== undefined && !options.quiet) display.say(leftOut)
  if (list !== undefined) await writeExclusionList(list, found)
  if (!options.quiet) found.notes.forEach(display.say)
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...found, exclusionList: list, seconds: duration })}\n`)
    return
  }
  const fixed =
    list === undefined
      ? []
      : [
          `${list}: names ${count(found.exclusions.length, 'picture')} to leave out, ${found.suggestions.length} more to look at`,
        ]
  process.stdout.write(
    [describeCheck(found), ...fixed, `${count(found.images, 'picture')} in ${seconds(duration)}`, ''].join(
      '\n',
    ),
  )
}

async function writePage(file: string, options: CheckOptions, found: DatasetCheck): Promise<void> {
  const { readPictures } = await import('@m2l/datasets')
  const { writeFileAtomically } = await import('@m2l/engine-native')
  const { thumbnail } = await import('@m2l/report')
  const { checkPage, picturesOfPage } = await import('../check-page.js')
  const thumbnails = new Map<string, Uint8Array>()
  await readPictures(options, picturesOfPage(found), async (id, picture) => {
    thumbnails.set(id, await thumbnail(picture))
  })
  await writeFileAtomically(file, checkPage(found, thumbnails))
}
