import { InputError } from '@m2l/engine'

/** What modules that only hold a model call it, so that their name stands before every name of the model. */
const wrappers = new Set(['model', 'net', 'network', 'student', 'online_model'])

/** What holds averages of a model's weights beside the model. */
const averages = new Set(['ema', 'ema_model', 'model_ema', 'params_ema', 'averaged_model', 'swa_model'])

/** Counters of averages (`AveragedModel` of PyTorch, `ema_pytorch`, modules of averages). */
const counters = ['n_averaged', 'num_updates', 'decay', 'initted', 'step']

/** What may stand beside a wrapped model and is no part of it: losses and measures. */
const beside = /^(loss|criterion|metric|accuracy)|(_|^)(loss|criterion|metrics?|acc|accuracy)(_|$)/

/** Tensors under the names that the model itself gave them. */
export interface Unwrapped<Value> {
  readonly tensors: ReadonlyMap<string, Value>
  /** What was taken off before names, such as `module._orig_mod.model`; null where nothing was. */
  readonly without: string | null
  /** What is no part of the model, under its name in the file. */
  readonly leftOut: ReadonlyMap<string, Value>
}

/**
 * Takes off what wrappers put before the names of a model's tensors: `module.` of DataParallel,
 * DistributedDataParallel and AveragedModel, `_orig_mod.` of torch.compile wherever it stands, and `model.`,
 * `net.`, `network.` of modules that hold a model (Lightning), however they are nested.
 *
 * @param wanted the name of the one that is meant, where a model and its average are there
 * @throws {InputError} when two tensors get the same name, or a model and its average are there and none is
 *   named
 */
export function unwrapNames<Value>(
  tensors: ReadonlyMap<string, Value>,
  source: string,
  wanted?: string,
): Unwrapped<Value> {
  const leftOut = new Map<string, Value>()
  const off: string[] = []
  let [inner, isChosen] = [tensors, wanted === undefined]
  for (;;) {
    inner = withoutMarks(inner, source, off)
    for (const name of counters) {
      if (!inner.has(name)) continue
      leftOut.set(name, inner.get(name)!)
      inner = new Map([...inner].filter(([other]) => other !== name))
    }
    const parts = new Set([...inner.keys()].map((name) => (name.includes('.') ? name.split('.', 1)[0]! : '')))
    const models = [...parts].filter((part) => wrappers.has(part) || averages.has(part))
    const part = !isChosen && parts.has(wanted!) ? wanted! : onlyOne(models, source)
    if (part === undefined) break
    const others = [...parts].filter((other) => other !== part && !models.includes(other))
    if (part !== wanted && !others.every((other) => beside.test(other))) break
    if (part === wanted) isChosen = true
    const chosen = new Map<string, Value>()
    for (const [name, value] of inner) {
      if (name.startsWith(`${part}.`)) chosen.set(name.slice(part.length + 1), value)
      else leftOut.set(name, value)
    }
    off.push(part)
    inner = chosen
  }
  if (!isChosen)
    throw new InputError(`${source}: holds no weights under ${wanted}; there are ${listOf(tensors)}`, {
      code: 'weights',
    })
  return { tensors: inner, without: off.length > 0 ? off.join('.') : null, leftOut }
}

function onlyOne(models: readonly string[], source: string): string | undefined {
  if (models.length < 2) return models[0]
  throw new InputError(
    `${source}: holds several sets of weights, ${models.join(' and ')}; name the one that is meant: ${models.map((name) => `${source}#${name}`).join(' or ')}`,
    { code: 'weights' },
  )
}

/** Without `module.` at the beginning and `_orig_mod.` anywhere. */
function withoutMarks<Value>(
  tensors: ReadonlyMap<string, Value>,
  source: string,
  off: string[],
): ReadonlyMap<string, Value> {
  const named = new Map<string, Value>()
  const marks = new Set<string>()
  for (const [name, value] of tensors) {
    const segments = name.split('.')
    let start = 0
    while (start < segments.length - 1 && ['module', '_orig_mod'].includes(segments[start]!)) {
      marks.add(segments[start++]!)
    }
    const own = segments.slice(start).filter((segment) => segment !== '_orig_mod')
    if (own.length < segments.length - start) marks.add('_orig_mod')
    const short = own.join('.')
    if (named.has(short)) {
      throw new InputError(
        `${source}: holds ${short} twice, the second time as ${name}; remove one of them`,
        { code: 'weights' },
      )
    }
    named.set(short, value)
  }
  off.push(...marks)
  return named
}

function listOf(tensors: ReadonlyMap<string, unknown>): string {
  const names = [...tensors.keys()]
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`
}
