import { PickleError } from './pickle-error.js'
import type { PickleInput } from './pickle-input.js'
import type { PickleMachine } from './pickle-machine.js'
import { pickleText } from './pickle-value.js'
import { textInstructions } from './text-instructions.js'

/** What an instruction does. */
export type Instruction = (machine: PickleMachine, input: PickleInput) => void

export const stop = 0x2e

/** The instructions of protocols 0 to 5, by code (Python's `pickletools`, opcode table). */
export const instructions: Readonly<Record<number, Instruction>> = {
  ...textInstructions,
  0x80: (_, input) => checkProtocol(input.byte()), // PROTO
  0x95: (_, input) => input.skip(8), // FRAME
  0x28: (machine) => machine.mark(), // MARK
  0x30: (machine) => machine.pop(), // POP
  0x31: (machine) => machine.popToMark(), // POP_MARK
  0x32: (machine) => machine.push(machine.top()), // DUP

  0x4e: (machine) => machine.push(null), // NONE
  0x88: (machine) => machine.push(true), // NEWTRUE
  0x89: (machine) => machine.push(false), // NEWFALSE
  0x4a: (machine, input) => machine.push(input.signed()), // BININT
  0x4b: (machine, input) => machine.push(input.byte()), // BININT1
  0x4d: (machine, input) => machine.push(input.unsigned(2)), // BININT2
  0x8a: (machine, input) => machine.push(input.integer(input.byte())), // LONG1
  0x8b: (machine, input) => machine.push(input.integer(input.unsigned(4))), // LONG4
  0x47: (machine, input) => machine.push(input.double()), // BINFLOAT

  0x55: (machine, input) => machine.push(input.bytes(input.byte())), // SHORT_BINSTRING
  0x54: (machine, input) => machine.push(input.bytes(input.unsigned(4))), // BINSTRING
  0x43: (machine, input) => machine.push(input.bytes(input.byte())), // SHORT_BINBYTES
  0x42: (machine, input) => machine.push(input.bytes(input.unsigned(4))), // BINBYTES
  0x8e: (machine, input) => machine.push(input.bytes(input.size64())), // BINBYTES8
  0x96: (machine, input) => machine.push(input.bytes(input.size64())), // BYTEARRAY8
  0x98: () => {}, // READONLY_BUFFER
  0x8c: (machine, input) => machine.push(input.text(input.byte())), // SHORT_BINUNICODE
  0x58: (machine, input) => machine.push(input.text(input.unsigned(4))), // BINUNICODE
  0x8d: (machine, input) => machine.push(input.text(input.size64())), // BINUNICODE8

  0x29: (machine) => machine.tuple(0), // EMPTY_TUPLE
  0x85: (machine) => machine.tuple(1), // TUPLE1
  0x86: (machine) => machine.tuple(2), // TUPLE2
  0x87: (machine) => machine.tuple(3), // TUPLE3
  0x74: (machine) => machine.push(machine.popToMark()), // TUPLE
  0x5d: (machine) => machine.list(), // EMPTY_LIST
  0x6c: (machine) => machine.push(machine.popToMark()), // LIST
  0x61: (machine) => machine.append([machine.pop()]), // APPEND
  0x65: (machine) => machine.append(machine.popToMark()), // APPENDS
  0x7d: (machine) => machine.dict(), // EMPTY_DICT
  0x64: (machine) => newDict(machine), // DICT
  0x73: (machine) => setItem(machine), // SETITEM
  0x75: (machine) => machine.setItems(machine.popToMark()), // SETITEMS
  0x8f: (machine) => machine.set(), // EMPTY_SET
  0x90: (machine) => machine.addItems(machine.popToMark()), // ADDITEMS
  0x91: (machine) => newFrozenSet(machine), // FROZENSET

  0x71: (machine, input) => machine.memoize(input.byte()), // BINPUT
  0x72: (machine, input) => machine.memoize(input.unsigned(4)), // LONG_BINPUT
  0x94: (machine) => machine.memoize(), // MEMOIZE
  0x68: (machine, input) => machine.recall(input.byte()), // BINGET
  0x6a: (machine, input) => machine.recall(input.unsigned(4)), // LONG_BINGET

  0x93: (machine) => globalOfStack(machine), // STACK_GLOBAL
  0x52: (machine) => make(machine), // REDUCE
  0x81: (machine) => make(machine), // NEWOBJ
  0x6f: (machine) => makeOfMark(machine), // OBJ
  0x62: (machine) => machine.build(), // BUILD
  0x51: (machine) => machine.persistent(machine.pop()), // BINPERSID
}

function checkProtocol(protocol: number): void {
  if (protocol > 5) throw new PickleError(`its protocol is ${protocol}; expected 0 to 5`)
}

function newDict(machine: PickleMachine): void {
  const items = machine.popToMark()
  machine.dict()
  machine.setItems(items)
}

function setItem(machine: PickleMachine): void {
  const [value, key] = [machine.pop(), machine.pop()]
  machine.setItems([key, value])
}

function newFrozenSet(machine: PickleMachine): void {
  const items = machine.popToMark()
  machine.set()
  machine.addItems(items)
}

function globalOfStack(machine: PickleMachine): void {
  const [name, module] = [pickleText(machine.pop()), pickleText(machine.pop())]
  if (name === undefined || module === undefined) throw new PickleError('it asks for a name that is no text')
  machine.push(machine.global(module, name))
}

function make(machine: PickleMachine): void {
  const [args, maker] = [machine.pop(), machine.pop()]
  machine.make(maker, args)
}

function makeOfMark(machine: PickleMachine): void {
  const [maker = null, ...args] = machine.popToMark()
  machine.make(maker, args)
}
