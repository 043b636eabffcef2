import { setTimeout } from 'node:timers/promises'
import { InputError } from '@m2l/engine'
import { changed } from './forms.js'
import type { Reader } from './reader.js'

/** A reader that fails in one way on some inputs: those whose first byte is odd. It refuses the others. */
function failing(name: string, fail: () => unknown, beforeRefusal = () => {}): Reader {
  return {
    name,
    share: 1,
    async open() {
      return {
        forms: [changed([Buffer.of(1), Buffer.of(2)], (part) => part.subarray(0, 1))],
        read: (input) => {
          if (input[0]! % 2 === 1) return fail()
          beforeRefusal()
          throw new InputError('input: is even')
        },
      }
    },
  }
}

function busy(milliseconds: number): void {
  const start = process.cpuUsage()
  for (let spent = 0; spent < 1000 * milliseconds;) {
    const { user, system } = process.cpuUsage(start)
    spent = user + system
  }
}

const hog = () => Buffer.alloc(1.5 * 2 ** 28, 1).length

let isLeft = false

/** Readers with mistakes, for the fuzzer to find. */
export const readers: readonly Reader[] = [
  failing('throws', () => (undefined as unknown as string).length),
  failing('rejects', async () => {
    await setTimeout(1)
    throw new RangeError('far')
  }),
  failing('leaves a promise', () => void Promise.reject(new Error('nobody waits'))),
  failing('dies', () => process.abort()),
  failing('speaks in lines', () => {
    throw Object.assign(new InputError(''), { message: 'one\ntwo' })
  }),
  failing('takes long', () => busy(2000)),
  failing('never ends', () => busy(1e9)),
  failing('hogs', hog),
  failing(
    'leaves memory to others',
    () => void (isLeft = true),
    () => void (isLeft && hog()),
  ),
  failing('is right', () => 'odd'),
]
