import type { Constructors } from './constructors.js'
import { costs, type MemoryBudget } from './memory-budget.js'
import { PickleError } from './pickle-error.js'
import { PickleGlobal, PickleObject, setItem, type PickleValue } from './pickle-value.js'

/** What a pickle may ask for besides plain data. */
export interface PickleWorld {
  readonly constructors: Constructors
  /** The value of a persistent id. */
  readonly persistent?: (id: PickleValue) => PickleValue
}

/** The stack and the memo that a pickle's instructions work on. Nothing in it recurses. */
export class PickleMachine {
  readonly #world: PickleWorld
  readonly #budget: MemoryBudget
  readonly #stack: PickleValue[] = []
  /** The heights of the stack at which marks lie. */
  readonly #marks: number[] = []
  readonly #globals = new Map<string, PickleGlobal>()
  /** Numbered from 0 or 1 upwards, as picklers do, and whatever else. */
  readonly #memo: (PickleValue | undefined)[] = [undefined]
  readonly #sparseMemo = new Map<number, PickleValue>()
  #memoized = 0

  constructor(world: PickleWorld, budget: MemoryBudget) {
    this.#world = world
    this.#budget = budget
  }

  push(value: PickleValue): void {
    this.#budget.charge(costs.place)
    this.#stack.push(value)
  }

  mark(): void {
    this.#budget.charge(costs.place)
    this.#marks.push(this.#stack.length)
  }

  pop(): PickleValue {
    this.top()
    return this.#stack.pop()!
  }

  top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw unfitting()
    return this.#stack.at(-1)!
  }

  popToMark(): PickleValue[] {
    const height = this.#marks.pop()
    if (height === undefined) throw unfitting()
    this.#budget.charge(costs.tuple)
    return this.#stack.splice(height)
  }

  /** A tuple of the last values. */
  tuple(length: number): void {
    this.#budget.charge(costs.tuple + 8 * length)
    const height = this.#stack.length - length
    if (height < (this.#marks.at(-1) ?? 0)) throw unfitting()
    this.push(this.#stack.splice(height))
  }

  list(): void {
    this.#budget.charge(costs.tuple)
    this.push([])
  }

  dict(): void {
    this.#budget.charge(costs.table)
    this.push(new Map())
  }

  set(): void {
    this.#budget.charge(costs.table)
    this.push(new Set())
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw new PickleError('it appends to what is no list')
    this.#budget.charge((list.length === 0 ? costs.list : 0) + costs.place * values.length)
    for (const value of values) list.push(value)
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.top()
    if (!(dict instanceof Map)) throw new PickleError('it sets items of what is no dict')
    if (pairs.length % 2 !== 0) throw unfitting()
    this.#budget.charge(costs.entry * (pairs.length / 2))
    for (let index = 0; index < pairs.length; index += 2) setItem(dict, pairs[index]!, pairs[index + 1]!)
  }

  addItems(values: readonly PickleValue[]): void {
    const set = this.top()
    if (!(set instanceof Set)) throw new PickleError('it adds to what is no set')
    this.#budget.charge(costs.entry * values.length)
    for (const value of values) set.add(value)
  }

  memoize(key = this.#memoized): void {
    const value = this.top()
    if (this.#recalled(key) === undefined) {
      this.#memoized++
      this.#budget.charge(key <= this.#memo.length ? costs.place : costs.entry)
    }
    if (key < this.#memo.length) this.#memo[key] = value
    else if (key === this.#memo.length) this.#memo.push(value)
    else this.#sparseMemo.set(key, value)
  }

  recall(key: number): void {
    const value = this.#recalled(key)
    if (value === undefined) throw new PickleError('it refers to a value that it does not hold')
    this.push(value)
  }

  /** The only way in which a name of Python enters. */
  global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`
    const known = this.#globals.get(full)
    if (known) return known
    if (!Object.hasOwn(this.#world.constructors, full)) {
      throw new PickleError(`it asks for ${readable(full)}, which is not among what may be made here`)
    }
    const global = new PickleGlobal(full)
    this.#globals.set(full, global)
    return global
  }

  /** The only way in which something is made by name. */
  make(maker: PickleValue, args: PickleValue): void {
    if (!(maker instanceof PickleGlobal) || !Array.isArray(args)) {
      throw new PickleError('it calls what is no function')
    }
    const constructor = this.#world.constructors[maker.name]
    if (!constructor) throw new PickleError(`it calls ${maker.name}, which may only be named here`)
    this.#budget.charge(costs.object)
    this.push(constructor(args, this.#budget))
  }

  /** The state of a dict, such as attributes of an OrderedDict, is no data and left out. */
  build(): void {
    const state = this.pop()
    const object = this.top()
    if (object instanceof PickleObject) object.setState(state)
    else if (!(object instanceof Map)) throw new PickleError('it sets the state of what is no object')
  }

  persistent(id: PickleValue): void {
    if (!this.#world.persistent) throw new PickleError('it refers to values outside of it')
    this.push(this.#world.persistent(id))
  }

  #recalled(key: number): PickleValue | undefined {
    return key < this.#memo.length ? this.#memo[key] : this.#sparseMemo.get(key)
  }
}

function unfitting(): PickleError {
  return new PickleError('its instructions do not fit together')
}

/** A name for a message: short, and without control characters. */
function readable(name: string): string {
  const clean = name.replaceAll(/[^\x20-\x7e]/g, '?')
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean
}
