/**
 * What a pickle describes. Python 2's `str` and Python 3's `bytes` are buffers that share the file's memory; a dict is
 * a map by the text of its keys; an object of any class is what would have been called, never called.
 */
export type PickleValue =
  null | boolean | number | string | Buffer | PickleValue[] | PickleDict | PickleObject

/** A dict. */
export type PickleDict = Map<string, PickleValue>

/** An object as the pickle describes it: the name of its maker, the maker's arguments, the state set afterwards. */
export class PickleObject {
  state: PickleValue = null

  constructor(
    readonly maker: string,
    readonly args: PickleValue = null,
  ) {}
}

/** A pickle that is damaged or uses more of the language than data needs. */
export class PickleError extends Error {}

/**
 * Reads a pickle of plain data and numpy arrays, protocols 2 to 5, without running anything: the language's
 * instructions to import and to call are recorded as {@link PickleObject}s. Every size is checked against the file, so
 * memory stays in proportion to it.
 *
 * Language: Python's `pickletools`, module documentation and opcode table.
 * @throws PickleError
 */
export function readPickle(bytes: Buffer): PickleValue {
  return new PickleReader(bytes).read()
}

/** The text of a Python 2 or 3 string. */
export function pickleText(value: PickleValue | undefined): string | undefined {
  return Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined
}

const mark = Symbol('mark')

class PickleReader {
  readonly #bytes: Buffer
  readonly #stack: (PickleValue | typeof mark)[] = []
  readonly #memo = new Map<number, PickleValue>()
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(): PickleValue {
    for (;;) {
      const code = this.#take(1)[0]!
      if (code === stop) return this.#pop()
      const instruction = instructions[code]
      if (!instruction) throw new PickleError(`instruction 0x${code.toString(16)} is not one of plain data`)
      instruction(this.#machine)
    }
  }

  readonly #machine: Machine = {
    byte: () => this.#take(1)[0]!,
    unsigned: (size) => this.#take(size).readUIntLE(0, size),
    long: (size) => this.#long(size),
    signed: () => this.#take(4).readInt32LE(),
    double: () => this.#take(8).readDoubleBE(),
    size64: () => Number(this.#take(8).readBigUInt64LE()),
    take: (size) => this.#take(size),
    line: () => this.#line(),
    push: (value) => this.#stack.push(value),
    mark: () => this.#stack.push(mark),
    pop: () => this.#pop(),
    popToMark: () => this.#popToMark(),
    store: (key) => this.#memo.set(key ?? this.#memo.size, this.#top()),
    recall: (key) => {
      const value = this.#memo.get(key)
      if (value === undefined) throw new PickleError('it refers to a value that it does not hold')
      this.#stack.push(value)
    },
    top: () => this.#top(),
  }

  #take(size: number): Buffer {
    if (size > this.#bytes.length - this.#at) throw new PickleError('it is cut off')
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) throw new PickleError('it is cut off')
    const line = this.#take(end - this.#at).toString('utf8')
    this.#at++
    return line
  }

  #long(size: number): number {
    if (size === 0) return 0
    if (size > 6) throw new PickleError('it holds a number of more than 48 bits')
    return this.#take(size).readIntLE(0, size)
  }

  #pop(): PickleValue {
    const value = this.#stack.pop()
    if (value === undefined || value === mark) throw new PickleError('its instructions do not fit together')
    return value
  }

  #popToMark(): PickleValue[] {
    const from = this.#stack.lastIndexOf(mark)
    if (from < 0) throw new PickleError('its instructions do not fit together')
    return this.#stack.splice(from).slice(1) as PickleValue[]
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1)
    if (value === undefined || value === mark) throw new PickleError('its instructions do not fit together')
    return value
  }
}

interface Machine {
  byte(): number
  unsigned(size: 1 | 2 | 4): number
  long(size: number): number
  signed(): number
  double(): number
  size64(): number
  take(size: number): Buffer
  line(): string
  push(value: PickleValue): void
  mark(): void
  pop(): PickleValue
  popToMark(): PickleValue[]
  store(key?: number): void
  recall(key: number): void
  top(): PickleValue
}

const stop = 0x2e

const instructions: Readonly<Record<number, (m: Machine) => void>> = {
  0x80: (m) => m.byte(), // PROTO
  0x95: (m) => m.take(8), // FRAME
  0x28: (m) => m.mark(), // MARK
  0x4e: (m) => m.push(null), // NONE
  0x88: (m) => m.push(true), // NEWTRUE
  0x89: (m) => m.push(false), // NEWFALSE
  0x4a: (m) => m.push(m.signed()), // BININT
  0x4b: (m) => m.push(m.byte()), // BININT1
  0x4d: (m) => m.push(m.unsigned(2)), // BININT2
  0x8a: (m) => m.push(m.long(m.byte())), // LONG1
  0x47: (m) => m.push(m.double()), // BINFLOAT
  0x55: (m) => m.push(m.take(m.byte())), // SHORT_BINSTRING
  0x54: (m) => m.push(m.take(m.unsigned(4))), // BINSTRING
  0x43: (m) => m.push(m.take(m.byte())), // SHORT_BINBYTES
  0x42: (m) => m.push(m.take(m.unsigned(4))), // BINBYTES
  0x8e: (m) => m.push(m.take(m.size64())), // BINBYTES8
  0x8c: (m) => m.push(m.take(m.byte()).toString('utf8')), // SHORT_BINUNICODE
  0x58: (m) => m.push(m.take(m.unsigned(4)).toString('utf8')), // BINUNICODE
  0x5d: (m) => m.push([]), // EMPTY_LIST
  0x29: (m) => m.push([]), // EMPTY_TUPLE
  0x7d: (m) => m.push(new Map()), // EMPTY_DICT
  0x61: (m) => append(m, [m.pop()]), // APPEND
  0x65: (m) => append(m, m.popToMark()), // APPENDS
  0x73: (m) => setItems(m, [m.pop(), m.pop()].toReversed()), // SETITEM
  0x75: (m) => setItems(m, m.popToMark()), // SETITEMS
  0x74: (m) => m.push(m.popToMark()), // TUPLE
  0x85: (m) => m.push([m.pop()]), // TUPLE1
  0x86: (m) => m.push([m.pop(), m.pop()].toReversed()), // TUPLE2
  0x87: (m) => m.push([m.pop(), m.pop(), m.pop()].toReversed()), // TUPLE3
  0x71: (m) => m.store(m.byte()), // BINPUT
  0x72: (m) => m.store(m.unsigned(4)), // LONG_BINPUT
  0x94: (m) => m.store(), // MEMOIZE
  0x68: (m) => m.recall(m.byte()), // BINGET
  0x6a: (m) => m.recall(m.unsigned(4)), // LONG_BINGET
  0x63: (m) => m.push(new PickleObject(`${m.line()}.${m.line()}`)), // GLOBAL
  0x93: (m) => m.push(globalFromStack(m)), // STACK_GLOBAL
  0x52: (m) => m.push(made(m)), // REDUCE
  0x62: (m) => build(m), // BUILD
}

function append(m: Machine, values: PickleValue[]): void {
  const list = m.top()
  if (!Array.isArray(list)) throw new PickleError('it appends to what is no list')
  for (const value of values) list.push(value)
}

function setItems(m: Machine, pairs: PickleValue[]): void {
  const dict = m.top()
  if (!(dict instanceof Map)) throw new PickleError('it sets items of what is no dict')
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const key = pairs[index]!
    dict.set(pickleText(key) ?? String(key), pairs[index + 1]!)
  }
}

function globalFromStack(m: Machine): PickleObject {
  const [name, module] = [m.pop(), m.pop()]
  return new PickleObject(`${pickleText(module)}.${pickleText(name)}`)
}

function made(m: Machine): PickleObject {
  const [args, maker] = [m.pop(), m.pop()]
  if (!(maker instanceof PickleObject)) throw new PickleError('it calls what is no function')
  return new PickleObject(maker.maker, args)
}

function build(m: Machine): void {
  const state = m.pop()
  const object = m.top()
  if (!(object instanceof PickleObject)) throw new PickleError('it sets the state of what is no object')
  object.state = state
}
