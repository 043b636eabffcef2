import { PickleError, type PickleDict, type PickleValue } from '@m2l/pickle'
import { TorchTensor } from './torch-tensor.js'

/** What training programs call the state dict among the other entries of a checkpoint; the first that is there counts. */
const usualNames = [
  'fsl',
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'params',
  'net',
  'network',
  'weights',
]

/** A checkpoint taken apart. */
export interface FoundWeights {
  /** Under their names without `module.`. */
  readonly tensors: ReadonlyMap<string, TorchTensor>
  /** The entry of the checkpoint that holds them, or nothing where it is a bare state dict. */
  readonly under: string | null
  /** What else the checkpoint and the state dict hold, by name. */
  readonly others: ReadonlyMap<string, PickleValue>
}

/**
 * Finds the state dict of a checkpoint: the checkpoint itself, or an entry of it. Nothing else of it is weights - above
 * all not an optimiser's moments, although they are tensors too.
 *
 * @throws PickleError when there is none
 */
export function findWeights(checkpoint: PickleValue): FoundWeights {
  if (checkpoint instanceof TorchTensor) throw new PickleError('it holds one tensor instead of a state dict')
  if (!(checkpoint instanceof Map)) throw new PickleError('it holds something else than a state dict')
  const under = entryOfWeights(checkpoint)
  const dict = under === null ? checkpoint : (checkpoint.get(under) as PickleDict)
  const tensors = new Map<string, TorchTensor>()
  const others = new Map<string, PickleValue>()
  for (const [key, value] of dict) {
    if (!(value instanceof TorchTensor)) others.set(nameOf(key), value)
    else {
      const name = nameOf(key).replace(/^(module\.)+/, '')
      if (tensors.has(name)) throw new PickleError(`it holds ${name} twice, with and without module.`)
      tensors.set(name, value)
    }
  }
  for (const [key, value] of under === null ? [] : checkpoint) {
    if (key !== under) others.set(nameOf(key), value)
  }
  return { tensors, under, others }
}

/** The entry that holds the weights; nothing where they are entries themselves. */
function entryOfWeights(checkpoint: PickleDict): string | null {
  const usual = usualNames.find((name) => isStateDict(checkpoint.get(name)))
  if (usual !== undefined) return usual
  if (isStateDict(checkpoint)) return null
  const unusual = [...checkpoint].filter(([, value]) => isStateDict(value)).map(([key]) => nameOf(key))
  if (unusual.length === 1) return unusual[0]!
  const [held] = [[...checkpoint.keys()].slice(0, 10).map(nameOf).join(', ') || 'nothing']
  throw new PickleError(
    unusual.length === 0
      ? `it holds no state dict, but ${held}`
      : `it holds several state dicts, ${unusual.slice(0, 10).join(', ')}, and none of them under a usual name such as state_dict`,
  )
}

function isStateDict(value: PickleValue | undefined): boolean {
  return value instanceof Map && [...value.values()].some((item) => item instanceof TorchTensor)
}

/** A name that can be printed in one line. */
function nameOf(key: PickleValue): string {
  const name = typeof key === 'string' ? key : typeof key === 'number' ? String(key) : ''
  if (!/^[^\p{Cc}]{1,500}$/u.test(name)) throw new PickleError('it holds an entry whose name is no name')
  return name
}
