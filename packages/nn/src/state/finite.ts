import { InputError } from '@m2l/engine'
import type { StoredTensor } from './stored-tensor.js'

/**
 * Refuses tensors that hold NaN or an infinity: sums with them are nonsense that can look like a result. A
 * number of double precision that single precision cannot hold counts as infinite, too.
 *
 * @param source names the tensors' file in errors
 * @throws {InputError} naming the first of them, where in it and how many
 */
export function requireFiniteTensors(tensors: Readonly<Record<string, StoredTensor>>, source: string): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const fault = faultIn(tensor)
    if (fault === undefined) continue
    throw new InputError(
      `${source}: tensor ${name} is not finite: ${fault}; it cannot be used, so take weights that were saved before that, or save them again`,
      { code: 'weights' },
    )
  }
}

/** What is not finite in a tensor, in words; nothing where all of it is. */
export function faultIn({ data, dtype }: StoredTensor): string | undefined {
  if (!(data instanceof Float32Array) || isFiniteSum(data)) return undefined
  const isWrong = (value: number) => !Number.isFinite(value)
  const at = data.findIndex(isWrong)
  if (at < 0) return undefined
  const count = data.reduce((sum, value) => sum + Number(isWrong(value)), 0)
  const wide = dtype === 'float64' ? ', beyond single precision where the file has a finite number' : ''
  return `${count} of its ${data.length} values, the first at ${at} (${data[at]}${Number.isNaN(data[at]) ? '' : wide})`
}

/** The difference of a number to itself is 0 where it is finite, else NaN; a sum of them is quick. */
function isFiniteSum(data: Float32Array): boolean {
  let sum = 0
  for (let index = 0; index < data.length; index++) {
    const value = data[index]!
    sum += value - value
  }
  return sum === 0
}
