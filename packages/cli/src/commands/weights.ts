import { Command } from 'commander'
import type { ShownWeights } from '@m2l/m2l'
import { count, printable } from '../terminal/format.js'
import { table } from '../terminal/table.js'
import { describeNetwork } from './show-network.js'
import { withJson } from './output-options.js'
import { weightsGetCommand } from './weights-get.js'
import { weightsListCommand } from './weights-list.js'
import { wholeNumber } from './whole-number.js'

interface ConvertOptions {
  readonly force?: true
  readonly ways?: number
  readonly json?: true
}

/** `m2l weights list`, `get`, `show` and `convert`. */
export function weightsCommand(): Command {
  const weights = new Command('weights')
    .description(
      'list the weights that are shipped or can be fetched, and fetch them; look at weights and convert them, ours and of PyTorch',
    )
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
  weights.addCommand(weightsListCommand()).addCommand(weightsGetCommand())
  withJson(weights.command('show'))
    .description('list the tensors of a safetensors file or PyTorch checkpoint, and what else is in it')
    .argument('<file>', 'the file, whose content tells the format, or the name of shipped or fetched weights')
    .addHelpText(
      'after',
      `
Examples:
  m2l weights show runs/emoji/M2L_N5K1_Conv64F-4x/best.safetensors
  m2l weights show efficientnet-lite0
  m2l weights show published.pth                            nothing in a checkpoint is run
  m2l weights show averaged.pth#ema                         one of several sets of weights
  m2l weights show dinov2-small.onnx                        what its card may name
  m2l evaluate --cfg configs/mini-imagenet/M2L_N5K1_R12.yaml -c published.pth`,
    )
    .action(show)
  withJson(weights.command('convert'))
    .description('write weights as safetensors (.safetensors) or as a PyTorch checkpoint (.pth)')
    .argument('<in>', 'a safetensors file or PyTorch checkpoint')
    .argument('<out>', 'the new file; its ending tells the format')
    .option('--force', 'replace a file that is there already')
    .option(
      '--ways <count>',
      'n_way of the PyTorch program that loads a .pth of M2L (default: 5)',
      wholeNumber(1),
    )
    .addHelpText(
      'after',
      `
Examples:
  m2l weights convert published.pth published.safetensors
  m2l weights convert runs/emoji/M2L_N5K1_Conv64F-4x/best.safetensors best.pth

A .safetensors file is a checkpoint as m2l train writes it, a .pth file one as the published PyTorch program does: names
and layout are translated. The state of an optimiser is left out; go on with training from the checkpoint itself.`,
    )
    .action(convert)
  return weights.addHelpText(
    'after',
    `
Examples:
  m2l weights list
  m2l weights get efficientnet-lite0
  m2l weights show published.pth
  m2l weights convert published.pth published.safetensors`,
  )
}

async function show(file: string, options: { readonly json?: true }): Promise<void> {
  const { describeOnnx, isOnnxFile } = await import('@m2l/onnx')
  if (isOnnxFile(file)) {
    const network = await describeOnnx(file)
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ file, format: 'onnx', ...network })}\n`
        : `${describeNetwork(network)}\n`,
    )
    return
  }
  const { showWeights } = await import('@m2l/m2l')
  const shown = await showWeights(file)
  process.stdout.write(options.json ? `${JSON.stringify(shown)}\n` : `${describe(shown)}\n`)
}

const formats = {
  safetensors: 'safetensors',
  'pytorch-zip': 'PyTorch checkpoint (zip)',
  'pytorch-legacy': 'PyTorch checkpoint (legacy)',
}

function describe({ format, under, tensors, values, metadata, leftOut }: ShownWeights): string {
  const rows = tensors.map(({ name, shape, dtype, notFinite }) => [
    name,
    shape.join(' x ') || 'scalar',
    notFinite === undefined ? dtype : `${dtype}; not finite: ${notFinite}`,
  ])
  const others = [
    ...Object.entries(metadata),
    ...Object.entries(leftOut).map(([name, kind]) => [name, `${kind}; left out`]),
  ]
  return [
    table(['tensor', 'shape', 'type'], rows.map(printableRow)),
    `${count(tensors.length, 'tensor')} of ${count(values, 'value')}; ${formats[format]}${under === null ? '' : `, under ${under}`}`,
    ...(others.length > 0 ? [table(['beside them', ''], others.map(printableRow))] : []),
  ].join('\n')
}

function printableRow(row: readonly string[]): string[] {
  return row.map((text) => printable(text))
}

async function convert(input: string, output: string, options: ConvertOptions): Promise<void> {
  const { convertWeights } = await import('@m2l/m2l')
  const converted = await convertWeights(input, output, {
    force: options.force ?? false,
    ways: options.ways,
  })
  process.stdout.write(
    options.json
      ? `${JSON.stringify(converted)}\n`
      : `${count(converted.tensors, 'tensor')} written to ${output}\n`,
  )
}
