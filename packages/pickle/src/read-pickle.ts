import { plainConstructors } from './constructors.js'
import { instructions, stop } from './instructions.js'
import { MemoryBudget } from './memory-budget.js'
import { PickleError } from './pickle-error.js'
import { PickleInput } from './pickle-input.js'
import { PickleMachine, type PickleWorld } from './pickle-machine.js'
import { pickleInMemory, type PickleSource } from './pickle-source.js'
import type { PickleValue } from './pickle-value.js'

/** How a pickle is read. */
export interface PickleOptions extends Partial<PickleWorld> {
  /** Byte strings of at least this length are left in the source, as a ByteRange; none unless told. */
  readonly leaveBytesFrom?: number
  /**
   * The most that values may take, in bytes; 128 MiB unless told. What is discarded while reading counts too.
   * A list of a million small numpy arrays takes about 1.5 GiB.
   */
  readonly memory?: number
  /** The offset at which the pickle starts; 0 unless told. */
  readonly start?: number
}

/** What a pickle holds. */
export interface PickleContent {
  readonly value: PickleValue
  /** The offset after the pickle. */
  readonly end: number
}

/**
 * Reads a pickle of protocol 0 to 5 without running anything: a pickle is a program, and of its instructions
 * only those are carried out that make data. Names of Python are looked up in the table of constructors and
 * nowhere else.
 *
 * Memory is bounded: every size is checked against the source, and what is made against `memory`. Time is in
 * proportion to the source. Language: Python's `pickletools`, module documentation and opcode table.
 *
 * @param source bytes in memory, or any other source
 * @throws PickleError when it is damaged, asks for a name that is not in the table, or takes too much memory
 */
export function readPickle(source: PickleSource | Uint8Array, options: PickleOptions = {}): PickleContent {
  const { leaveBytesFrom = Infinity, memory = 1 << 27, start = 0 } = options
  const budget = new MemoryBudget(memory)
  const opened = source instanceof Uint8Array ? pickleInMemory(source) : source
  const input = new PickleInput(opened, start, budget, leaveBytesFrom)
  const machine = new PickleMachine({ constructors: plainConstructors, ...options }, budget)
  for (;;) {
    const code = input.byte()
    if (code === stop) return { value: machine.pop(), end: input.at }
    const instruction = instructions[code]
    if (!instruction) throw new PickleError(`instruction 0x${code.toString(16)} is not one of plain data`)
    instruction(machine, input)
  }
}
