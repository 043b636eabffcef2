import { PickleGlobal } from './pickle-value.js'

/** A call of a function or class of Python, whose result is then given items as a dict is. */
export class PickleCall {
  /** @param name such as `collections.OrderedDict` */
  constructor(
    readonly name: string,
    readonly args: readonly WritablePickle[],
    readonly items: ReadonlyMap<string, WritablePickle> = new Map(),
  ) {}
}

/** A reference to what lies outside of the pickle. */
export class PersistentId {
  constructor(readonly id: WritablePickle) {}
}

/** What can be written: arrays become tuples, maps dicts, whole numbers `int`. */
export type WritablePickle =
  | null
  | boolean
  | number
  | string
  | readonly WritablePickle[]
  | ReadonlyMap<string, WritablePickle>
  | PickleGlobal
  | PickleCall
  | PersistentId

/** The pickle of a value in protocol 2, which every Python since 2.3 reads. */
export function writePickle(value: WritablePickle): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...written(value), Buffer.from('.')])
}

function written(value: WritablePickle): Buffer[] {
  if (value === null) return [code('N')]
  if (typeof value === 'boolean') return [Buffer.from([value ? 0x88 : 0x89])] // NEWTRUE, NEWFALSE
  if (typeof value === 'number') return [number(value)]
  if (typeof value === 'string') return [text(value)]
  if (value instanceof PickleGlobal) return [global(value.name)]
  if (value instanceof PersistentId) return [...written(value.id), code('Q')] // BINPERSID
  if (value instanceof PickleCall) {
    return [global(value.name), ...written(value.args), code('R'), ...setItems(value.items)] // REDUCE
  }
  if (isMap(value)) return [code('}'), ...setItems(value)] // EMPTY_DICT
  return [code('('), ...value.flatMap(written), code('t')] // MARK, TUPLE
}

function setItems(map: ReadonlyMap<string, WritablePickle>): Buffer[] {
  if (map.size === 0) return []
  return [code('('), ...[...map].flatMap(([key, value]) => [text(key), ...written(value)]), code('u')] // SETITEMS
}

function number(value: number): Buffer {
  const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0)
  if (isInteger && value === (value | 0)) {
    const integer = Buffer.from('J\0\0\0\0') // BININT
    integer.writeInt32LE(value, 1)
    return integer
  }
  const long = isInteger ? Buffer.from([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0]) : Buffer.from('G\0\0\0\0\0\0\0\0') // LONG1, BINFLOAT
  if (isInteger) long.writeBigInt64LE(BigInt(value), 2)
  else long.writeDoubleBE(value, 1)
  return long
}

function text(value: string): Buffer {
  const content = Buffer.from(value)
  const length = Buffer.from('X\0\0\0\0') // BINUNICODE
  length.writeUInt32LE(content.length, 1)
  return Buffer.concat([length, content])
}

function global(name: string): Buffer {
  const dot = name.lastIndexOf('.')
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`) // GLOBAL
}

function code(instruction: string): Buffer {
  return Buffer.from(instruction)
}

function isMap(
  value: readonly WritablePickle[] | ReadonlyMap<string, WritablePickle>,
): value is ReadonlyMap<string, WritablePickle> {
  return value instanceof Map
}
