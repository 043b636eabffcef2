import { InputError, tf } from '@m2l/engine'
import { requireFiniteTensors } from './finite.js'
import { fileShape, inMemoryLayout } from './layout.js'
import type { StateDict } from './parameter.js'
import { within } from './prefixes.js'
import type { StoredTensor, StoredValues } from './stored-tensor.js'

/** Which tensors of a file belong to a state dict. */
export interface AssignOptions {
  /** Take only the tensors `<prefix>.<name>`, as `<name>`. */
  readonly prefix?: string
  /** Names that only one side may have, such as a counter that weights from elsewhere lack. */
  readonly optional?: (name: string) => boolean
}

/**
 * Gives a state dict the values of stored tensors in PyTorch's layouts. Nothing is assigned unless every name
 * and shape fits. The `num_batches_tracked` that PyTorch saves with a batch norm is passed over.
 *
 * @param source names the tensors' file in errors
 * @throws {InputError} when names are missing or unexpected or shapes differ, which it lists, or a value is
 *   not finite or beyond its parameter's type
 */
export function assignState(
  state: StateDict,
  tensors: Readonly<Record<string, StoredTensor>>,
  source: string,
  { prefix, optional = () => false }: AssignOptions = {},
): void {
  const stored = prefix === undefined ? tensors : within(prefix, tensors)
  const mayLack = (name: string) => optional(name) || isBatchCountOf(state, name)
  const missing = Object.keys(state).filter((name) => !Object.hasOwn(stored, name) && !optional(name))
  const unexpected = Object.keys(stored).filter((name) => !Object.hasOwn(state, name) && !mayLack(name))
  const shared = Object.keys(state).filter((name) => Object.hasOwn(stored, name))
  const misshapen = shared.flatMap((name) => {
    const expected = fileShape(state[name]!.value.shape, state[name]!.layout)
    const found = stored[name]!.shape
    return String(expected) === String(found) ? [] : [`${name} is [${found}] instead of [${expected}]`]
  })
  const problems = [
    ...listed(missing, 'missing'),
    ...listed(unexpected, 'unexpected'),
    ...listed(misshapen, 'misshapen'),
  ]
  if (problems.length > 0) {
    const where = prefix === undefined ? source : `${source}, under ${prefix}`
    throw new InputError(
      `${where}: a checkpoint of another architecture: ${problems.join(', ')}; load it into the model that it was saved from`,
      { code: 'weights' },
    )
  }
  requireFiniteTensors(Object.fromEntries(shared.map((name) => [name, stored[name]!])), source)
  for (const name of shared) assign(state, name, stored[name]!, source)
}

function isBatchCountOf(state: StateDict, name: string): boolean {
  const suffix = 'num_batches_tracked'
  return name.endsWith(suffix) && Object.hasOwn(state, `${name.slice(0, -suffix.length)}running_mean`)
}

/** More names than any model here has are only counted. */
const mostListed = 200

function listed(items: readonly string[], problem: string): string[] {
  if (items.length === 0) return []
  const shown = items.slice(0, mostListed).join(', ')
  const more = items.length > mostListed ? ` and ${items.length - mostListed} more` : ''
  return [`${items.length} ${problem} (${shown}${more})`]
}

function assign(state: StateDict, name: string, { shape, data }: StoredTensor, source: string): void {
  const { value, layout } = state[name]!
  tf.tidy(() => {
    const tensor = tf.tensor(
      converted(data, value.dtype, `${source}: tensor ${name}`),
      [...shape],
      value.dtype,
    )
    value.assign(inMemoryLayout(tensor, layout))
  })
}

function converted(data: StoredValues, dtype: tf.DataType, what: string): tf.TypedArray {
  if (dtype === 'float32' && data instanceof Float32Array) return data
  const numbers = Array.from<number | bigint, number>(data, Number)
  const array = dtype === 'float32' ? Float32Array.from(numbers) : Int32Array.from(numbers)
  const wrong = numbers.findIndex((value, index) => array[index] !== value)
  if (wrong < 0) return array
  throw new InputError(`${what} holds ${data[wrong]}, which ${dtype} cannot hold; save it as ${dtype}`, {
    code: 'weights',
  })
}
