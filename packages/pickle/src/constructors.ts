import { costs, type MemoryBudget } from './memory-budget.js'
import { PickleError } from './pickle-error.js'
import { isPickleBytes, setItem, type PickleDict, type PickleValue } from './pickle-value.js'

/**
 * Makes a value of the arguments that a pickle gives. What it allocates in proportion to them it charges
 * first.
 *
 * @throws PickleError when the arguments are not such as Python's own are
 */
export type Constructor = (args: readonly PickleValue[], budget: MemoryBudget) => PickleValue

/** All names that a pickle may ask for; null where the name is all that is needed and a call is refused. */
export type Constructors = Readonly<Record<string, Constructor | null>>

/** Python's own containers and byte strings, as protocols before 3 write them. */
export const plainConstructors: Constructors = {
  'collections.OrderedDict': ([items], budget) => dict(items, budget),
  'collections.Counter': ([items], budget) => dict(items, budget),
  'collections.defaultdict': ([, items], budget) => dict(items, budget),
  '_codecs.encode': encode,
  ...both('bytes', bytes),
  ...both('bytearray', bytes),
  ...both('set', set),
  ...both('frozenset', set),
  // Factories of a defaultdict.
  ...both('list', null),
  ...both('dict', null),
  ...both('int', null),
  ...both('float', null),
}

/** Python 2 and Python 3 name their own module differently. */
function both(name: string, constructor: Constructor | null): Constructors {
  return { [`builtins.${name}`]: constructor, [`__builtin__.${name}`]: constructor }
}

/** A text whose every character stands for a byte: how Python 3 writes bytes for Python 2. */
function encode([text, encoding]: readonly PickleValue[], budget: MemoryBudget): Buffer {
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) {
    throw new PickleError('it encodes something else than bytes written as a text')
  }
  budget.charge(costs.bytes + text.length)
  const encoded = Buffer.from(text, 'latin1')
  if (encoded.toString('latin1') !== text) throw new PickleError('its bytes written as a text are none')
  return encoded
}

function bytes(args: readonly PickleValue[], budget: MemoryBudget): PickleValue {
  const [content, encoding] = args
  budget.charge(costs.bytes)
  if (args.length === 0) return Buffer.alloc(0)
  if (encoding !== undefined) return encode(args, budget)
  if (!isPickleBytes(content)) throw new PickleError('it makes bytes of what is none')
  return content
}

/** A dict of nothing, of another dict, or of a list of pairs. */
function dict(items: PickleValue = [], budget: MemoryBudget): PickleDict {
  if (items instanceof Map) return items
  if (!Array.isArray(items)) throw new PickleError('it makes a dict of what is none')
  budget.charge(costs.table + costs.entry * items.length)
  const made: PickleDict = new Map()
  for (const pair of items) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new PickleError('it makes a dict of what is none')
    setItem(made, pair[0]!, pair[1]!)
  }
  return made
}

function set([items = []]: readonly PickleValue[], budget: MemoryBudget): Set<PickleValue> {
  if (!Array.isArray(items)) throw new PickleError('it makes a set of what is no list')
  budget.charge(costs.table + costs.entry * items.length)
  return new Set(items)
}
