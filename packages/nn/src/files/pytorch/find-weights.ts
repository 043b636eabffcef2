import { PickleError, type PickleDict, type PickleValue } from '@m2l/pickle'
import { TorchTensor } from './torch-tensor.js'

/** What training programs call the state dict of a model among the other entries of a checkpoint. */
const usualNames = new Set([
  'fsl',
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'params',
  'net',
  'network',
  'weights',
])

/** What they call averages of its weights. */
const averages =
  /^(ema|model_ema|ema_model|params_ema|averaged_model|swa_model)$|(_|^)(ema|swa)_state_dict$|^(model_)?state_dict_(ema|swa)$/

/** What is not a model's, although there may be tensors by name in it. */
const others = /optim|sched|scaler|callback|hyper|config|args|loops|rng|criterion|loss/i

/** A checkpoint taken apart. */
export interface FoundWeights {
  /** Under their names without `module.`. */
  readonly tensors: ReadonlyMap<string, TorchTensor>
  /**
   * The entry of the checkpoint that holds them, with dots where it lies in others; null where it is a bare
   * state dict.
   */
  readonly under: string | null
  /** What else the checkpoint and the state dict hold, by name. */
  readonly others: ReadonlyMap<string, PickleValue>
  /** The wanted name where it is no entry: it may stand before names of tensors. */
  readonly wanted: string | undefined
}

/**
 * Finds the state dict of a checkpoint: the checkpoint itself, or an entry of it. Nothing else of it is
 * weights - above all not an optimiser's moments, although they are tensors too.
 *
 * @param wanted the entry that is meant, where there are several
 * @throws PickleError when there is none, or there are several that may be meant
 */
export function findWeights(checkpoint: PickleValue, wanted?: string): FoundWeights {
  if (checkpoint instanceof TorchTensor) throw new PickleError('it holds one tensor instead of a state dict')
  if (!(checkpoint instanceof Map)) throw new PickleError('it holds something else than a state dict')
  const found = entryOfWeights(checkpoint, wanted)
  const tensors = new Map<string, TorchTensor>()
  const rest = new Map<string, PickleValue>()
  for (const [key, value] of found.dict) {
    if (!(value instanceof TorchTensor)) rest.set(nameOf(key), value)
    else {
      const name = nameOf(key).replace(/^(module\.)+/, '')
      if (tensors.has(name)) throw new PickleError(`it holds ${name} twice, with and without module.`)
      tensors.set(name, value)
    }
  }
  for (const [key, value] of found.path.length === 0 ? [] : checkpoint) {
    if (key !== found.path[0]) rest.set(nameOf(key), value)
  }
  const isEntry = wanted !== undefined && found.path.join('.') === wanted
  return {
    tensors,
    under: found.path.length === 0 ? null : found.path.join('.'),
    others: rest,
    wanted: isEntry ? undefined : wanted,
  }
}

interface Candidate {
  readonly path: readonly string[]
  readonly dict: PickleDict
}

/** How deep state dicts are looked for. */
const deepest = 3

/** The entry that holds the weights; of an empty path where they are entries themselves. */
function entryOfWeights(checkpoint: PickleDict, wanted: string | undefined): Candidate {
  const all = candidatesIn(checkpoint, [], new Set())
  const named = all.find(({ path }) => path.join('.') === wanted)
  if (named) return named
  const isUsual = ({ path }: Candidate) => path.some((name) => usualNames.has(name) || averages.test(name))
  const usual = all.filter((one) => one.path.length > 0 && isUsual(one))
  const twins = usual.length === 1 ? all.filter(({ dict }) => isOfOneModel(dict, usual[0]!.dict)) : []
  if (usual.length === 1 && twins.length === 1) return usual[0]!
  if (usual.length === 0 && isStateDict(checkpoint)) return { path: [], dict: checkpoint }
  const possible = [twins, usual, all].find((some) => some.length > 0) ?? []
  if (possible.length === 1) return possible[0]!
  if (possible.length === 0) {
    const held = [...checkpoint.keys()].slice(0, 10).map(nameOf).join(', ') || 'nothing'
    throw new PickleError(`it holds no state dict, but ${held}`)
  }
  const names = possible.slice(0, 10).map(({ path }) => path.join('.'))
  throw new PickleError(
    `it holds several state dicts, ${names.join(', ')}; name the one that is meant after its file, as in FILE#${names[0]}`,
  )
}

/** State dicts among the entries of a checkpoint; not those within another, which are parts of it. */
function candidatesIn(dict: PickleDict, path: readonly string[], visited: Set<PickleDict>): Candidate[] {
  if (visited.has(dict)) return []
  visited.add(dict)
  const own = path.length > 0 && isStateDict(dict) ? [{ path, dict }] : []
  if (own.length > 0 || path.length === deepest) return own
  return [...dict].flatMap(([key, value]) =>
    typeof key === 'string' && value instanceof Map && !others.test(key)
      ? candidatesIn(value, [...path, nameOf(key)], visited)
      : [],
  )
}

function isStateDict(value: PickleValue | undefined): boolean {
  return value instanceof Map && [...value.values()].some((item) => item instanceof TorchTensor)
}

/**
 * Whether two state dicts are of one architecture, as a model and its average are, whatever they are called.
 */
function isOfOneModel(one: PickleDict, other: PickleDict): boolean {
  return one === other || shapesIn(one) === shapesIn(other)
}

function shapesIn(dict: PickleDict): string {
  const tensors = [...dict.values()].filter((value) => value instanceof TorchTensor)
  return tensors
    .filter(({ shape }) => shape.length > 0) // counters are beside averages only
    .map(({ shape }) => shape.join('x'))
    .sort()
    .join(' ')
}

/** A name that can be printed in one line. */
function nameOf(key: PickleValue): string {
  const name = typeof key === 'string' ? key : typeof key === 'number' ? String(key) : ''
  if (!/^[^\p{Cc}]{1,500}$/u.test(name)) throw new PickleError('it holds an entry whose name is no name')
  return name
}
