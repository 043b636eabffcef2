import { stat } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { requireFiniteTensors } from '@m2l/nn'
import { savePyTorch } from '@m2l/nn/files'
import {
  fileExists,
  parsePosition,
  readCheckpoint,
  saveModelWeights,
  type StoredCheckpoint,
} from '@m2l/trainer'
import { ownName, publishedName, type Tensors } from '@m2l/model'
import { weightsFile } from './weights-file.js'

/** How weights are converted. */
export interface ConvertOptions {
  /** Replace a file that is there already. */
  readonly force?: boolean
  /**
   * The `n_way` of the published program that is to load a `.pth` of a model with a part graph; 5 unless
   * told.
   */
  readonly ways?: number
}

/** What a conversion wrote. */
export interface ConvertedWeights {
  readonly input: string
  readonly output: string
  readonly format: 'safetensors' | 'pytorch-zip'
  /** The number of tensors. */
  readonly tensors: number
}

/**
 * Writes the weights of a checkpoint in the other format, or the same one anew. `.safetensors` is a
 * checkpoint of ours, with our names; `.pth` is one of the published program, with its names and layout
 * (`fsl`, `epoch`, `episode`, `summary_dir`), with what the weights say of themselves beside it. An
 * optimiser's state is not converted. Half precision, bfloat16 and double become single precision.
 *
 * @throws {InputError} when the input cannot be read, the output's ending is neither, or it exists and is not
 *   to be replaced
 */
export async function convertWeights(
  input: string,
  output: string,
  { force = false, ways = 5 }: ConvertOptions = {},
): Promise<ConvertedWeights> {
  const write = writers[/\.(safetensors|pth)$/.exec(output)?.[1] ?? '']
  if (!write) throw new InputError(`${output}: expected a name that ends in .safetensors or .pth`)
  const file = weightsFile(input)
  const checkpoint = await readCheckpoint(file, ownName)
  if (await isSameFile(file, output)) {
    throw new InputError(`${output}: is the input itself; write to another file`)
  }
  if (!force && (await fileExists(output))) {
    throw new InputError(`${output}: exists already; choose another name, or replace it with --force`)
  }
  const { model, unused, metadata, position } = checkpoint
  requireFiniteTensors({ ...model, ...unused }, input)
  const epoch = position === undefined ? metadata.epoch : String(parsePosition(input, position).epoch)
  const texts = { ...metadata, ...(epoch !== undefined && { epoch }) }
  return { input, output, ...(await write(output, { model, unused, metadata: texts }, ways)) }
}

type Content = Pick<StoredCheckpoint, 'model' | 'unused' | 'metadata'>

type Writer = (
  output: string,
  content: Content,
  ways: number,
) => Promise<Pick<ConvertedWeights, 'format' | 'tensors'>>

const writers: Readonly<Record<string, Writer>> = {
  async safetensors(output, { model, unused, metadata }) {
    await saveModelWeights(output, { model, unused }, metadata)
    return { format: 'safetensors', tensors: Object.keys(model).length + Object.keys(unused).length }
  },

  async pth(output, { model, unused, metadata }, ways) {
    const { summary_dir: folder = metadata.run ?? '', episode = 'best', epoch = '' } = metadata
    const tensors = {
      ...published(model),
      ...(hasPartGraph(model) ? { ...unusedNorm(ways), ...unused } : unused),
    }
    const entries = {
      summary_dir: folder,
      episode,
      epoch: /^\d{1,15}$/.test(epoch) ? Number(epoch) : 0,
      ...factsIn(metadata),
    }
    await savePyTorch(output, tensors, { under: 'fsl', entries })
    return { format: 'pytorch-zip', tensors: Object.keys(tensors).length }
  },
}

/** What weights say of themselves, which the published program passes over. */
function factsIn({ recipe, learned, settings }: Content['metadata']): Record<string, string> {
  const facts = { recipe, learned, settings }
  return Object.fromEntries(
    Object.entries(facts).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
  )
}

function published(model: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(model).flatMap(([own, tensor]) => {
      const name = publishedName(own)
      return name === null ? [] : [[name, tensor]]
    }),
  )
}

function hasPartGraph(model: Tensors): boolean {
  return Object.keys(model).some((name) => name.startsWith('part.graph.'))
}

/**
 * The published program's M2L has a batch norm of `n_way` channels that it never uses, and wants it in a
 * checkpoint.
 */
function unusedNorm(ways: number): Tensors {
  const filled = (value: number) => ({ shape: [ways], data: new Float32Array(ways).fill(value) })
  return {
    'query.Norm_layer.weight': filled(1),
    'query.Norm_layer.bias': filled(0),
    'query.Norm_layer.running_mean': filled(0),
    'query.Norm_layer.running_var': filled(1),
    'query.Norm_layer.num_batches_tracked': { shape: [], data: BigInt64Array.of(0n) },
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((file) => stat(file).catch(() => undefined)))
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev
}
