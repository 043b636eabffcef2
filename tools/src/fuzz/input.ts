import { randomKey } from '@m2l/engine'
import { mutate } from './mutate.js'
import type { OpenReader } from './reader.js'

/** An input of a run: the same for the same reader, seed and index. */
export function inputAt(name: string, { forms }: OpenReader, seed: number, index: number): Buffer {
  const random = randomKey(seed).fold('fuzz', name, index).generator()
  const form = forms[random.integer(forms.length)]!
  const part = form.part(random)
  const isChanged = form.isChanged || random.integer(3) === 0
  const changed = isChanged ? mutate(part, random) : part
  const input = form.wrap ? form.wrap(changed) : changed
  return form.wrap && random.integer(8) === 0 ? mutate(input, random) : input
}
