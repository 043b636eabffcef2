import type { EmbeddedPictures } from '@m2l/m2l'
import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { count, printable, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { checkWritable } from '../writable-file.js'
import { withCard, type CardOption } from './card-option.js'
import { engineOptions, loadChosenEngine, type EngineOptions } from './engine-options.js'
import { refuseToReplace } from './new-file.js'
import { withProgress, type OutputOptions } from './output-options.js'
import { complaintOfUnreadable } from './unreadable-pictures.js'

interface EmbedCommandOptions extends EngineOptions, OutputOptions, CardOption {
  readonly output: string
  readonly weights?: string
  readonly cfg?: string
  readonly maps?: true
  readonly force?: true
}

/** `m2l embed`: features of pictures, for `classify`, `evaluate` and other programs. */
export function embedCommand(): Command {
  const command = new Command('embed')
    .description('write the features of pictures to a file, with names and labels')
    .argument(
      '<pictures>',
      'a folder or archive, whose folders are the labels, or a .csv table of filename,label',
    )
    .requiredOption('-o, --output <file>', 'the file of features, .safetensors')
    .option(
      '--weights <name>',
      'shipped or fetched weights, a checkpoint, or an ONNX network with its card (default: the best for photographs, fetched the first time)',
    )
    .option('--cfg <file>', 'the recipe of weights that do not say how their model is made')
    .option(
      '--maps',
      'write whole feature maps, not their means: larger, but the pixel level can compare them',
    )
    .option('--force', 'replace a file that is there already, and take weights that contradict the recipe')
  return withProgress(engineOptions(withCard(command)))
    .addHelpText(
      'after',
      `
Examples:
  m2l embed examples -o examples.safetensors
  m2l embed photos.zip --weights flowers-conv64f -o photos.safetensors
  m2l classify --support examples.safetensors --query photos.safetensors
  m2l evaluate --cfg recipe.yaml --features photos.safetensors --levels '{nearest-mean: {}}'

The file has the tensors features [pictures, channels], names and labels; the README of @m2l/m2l shows how other programs
write it. Pictures that cannot be read are named and left out; the exit code is then 2.`,
    )
    .action(embed)
}

async function embed(pictures: string, options: EmbedCommandOptions): Promise<void> {
  const { output } = options
  await checkEnding(output)
  await checkWritable(output, 'the features', '--output')
  if (!options.force) await refuseToReplace(output, '--output')
  const display = new ProgressDisplay(options)
  await interruptible(display, 'nothing was written', async (signal) => {
    const { InputError } = await import('@m2l/engine')
    const { embedPictures, readRecipe } = await import('@m2l/m2l')
    const recipe = options.cfg === undefined ? undefined : await readRecipe(options.cfg)
    await loadChosenEngine(options)
    const embedded = await embedPictures({
      pictures,
      output,
      weights: options.weights,
      card: options.card,
      maps: options.maps,
      recipe,
      force: options.force,
      onProgress: display.counting('embedding'),
      onNote: (line) => options.quiet || display.say(line),
      signal,
    })
    display.close()
    process.stdout.write(options.json ? `${JSON.stringify(embedded)}\n` : describe(embedded))
    const complaint = complaintOfUnreadable({ ...embedded, unreadableExamples: [] })
    if (complaint !== undefined) throw new InputError(complaint)
  })
}

/** Commands take features by the ending of their file. */
async function checkEnding(file: string): Promise<void> {
  if (/\.safetensors$/i.test(file)) return
  const { InputError } = await import('@m2l/engine')
  throw new InputError(`${file}: expected a name that ends in .safetensors; add it with --output`)
}

function describe({ file, weights, pictures, shape, labels, seconds: duration }: EmbeddedPictures): string {
  const rows = Object.entries(labels).map(([label, number]) => [printable(label), String(number)])
  return [
    ...(rows.length > 0 ? [table(['label', 'pictures'], rows)] : []),
    `${count(pictures, 'picture')} as ${shape.join(' x ')} numbers each with ${printable(weights)}, in ${seconds(duration)}`,
    `features ${printable(file)}`,
    '',
  ].join('\n')
}
