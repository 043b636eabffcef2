import { createHash } from 'node:crypto'
import { dirname, extname } from 'node:path'
import { inputTransform } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import { cardBeside, readOnnxCard, type OnnxCard, type OnnxCardInput } from './card.js'
import type { OnnxEmbedder } from './embedder.js'
import { externalFiles, hashOfFiles } from './external-files.js'
import { readModelFile, withOutput, type ModelFile } from './model-file.js'
import { readNetwork } from './network-file.js'
import { NetworkSession } from './network-session.js'
import { onnxRuntime } from './onnx-runtime.js'
import { RunningNetwork } from './running-network.js'
import { tryNetwork } from './try-network.js'

/** Which network, and how pictures go in and features come out. */
export type OnnxEmbedderOptions =
  | {
      /** The ONNX file. */
      readonly file: string
      readonly bytes?: never
      /**
       * The card, or the file of one; the YAML file beside the network that is called like it, if not given.
       */
      readonly card?: OnnxCardInput | string
    }
  | {
      readonly file?: never
      /** What an ONNX file holds. */
      readonly bytes: Uint8Array
      readonly card: OnnxCardInput | string
    }

/**
 * A network in an ONNX file as an embedder of pictures, run by ONNX Runtime (`onnxruntime-node`, which is to
 * be installed beside).
 *
 * It is first tried in a process of its own on pictures, one alone and a batch, so that a network that
 * crashes or takes all memory only ends that process.
 *
 * @throws {InputError} when ONNX Runtime is not installed, the file or the card cannot be read, or they do
 *   not fit together
 */
export async function onnxEmbedder(options: OnnxEmbedderOptions): Promise<OnnxEmbedder> {
  const name = options.file ?? 'network'
  const card = await readOnnxCard(options.card ?? cardBeside(options.file!))
  const { transform, normalisation } = inputTransform(card.picture)
  await onnxRuntime()
  const given = options.bytes ?? (await readNetwork(options.file))
  const model = readModelFile(given, name)
  const folder = options.file === undefined ? undefined : dirname(options.file)
  const external = await externalFiles(model.external, folder, name)
  const output = outputOf(model, card, name)
  const source = {
    name,
    bytes: model.outputs.some(({ name: own }) => own === output) ? given : withOutput(given, output),
    folder: external.length > 0 ? folder : undefined,
    card,
    input: inputOf(model, card, name),
    output,
  }
  const weightBytes = given.length + external.reduce((sum, { bytes }) => sum + bytes, 0)
  const { shape, notes } = await tryNetwork(source, weightBytes)
  const hash = createHash('sha256')
    .update(given)
    .update(await hashOfFiles(external))
  const { picture, input, output: outputCard } = card
  hash.update(JSON.stringify([picture, input, { ...outputCard, name: output }]))
  return new RunningNetwork({
    name,
    card,
    input: { transform, normalisation },
    output,
    shape,
    notes,
    parameters: model.parameters,
    fingerprint: hash.digest('hex'),
    session: await NetworkSession.open(source),
  })
}

/** Whether a file is an ONNX network by its name. */
export function isOnnxFile(file: string): boolean {
  return extname(file).toLowerCase() === '.onnx'
}

function inputOf({ inputs }: ModelFile, { input }: OnnxCard, name: string): string {
  const names = inputs.map((one) => one.name)
  const [only] = names
  if (names.length !== 1 || only === undefined) {
    throw new InputError(
      `${name}: has ${names.length} inputs (${names.join(', ') || 'none'}); expected one, of pictures`,
    )
  }
  if (input.name === undefined || input.name === only) return only
  throw new InputError(
    `${name}: has no input ${input.name}, which its card names (input.name); it has ${only}`,
  )
}

function outputOf({ outputs, tensors }: ModelFile, { output }: OnnxCard, name: string): string {
  const names = outputs.map((one) => one.name)
  if (output.name !== undefined) {
    if ([...names, ...tensors.map((inner) => inner.name)].includes(output.name)) return output.name
    throw new InputError(
      `${name}: has no output or inner tensor ${output.name}, which its card names (output.name); its outputs are ${names.join(', ')}, and m2l weights show lists the others`,
    )
  }
  const [only] = names
  if (names.length === 1 && only !== undefined) return only
  throw new InputError(
    `${name}: has ${names.length} outputs (${names.join(', ')}); say in its card which are the features (output.name)`,
  )
}
