import { expect, it } from 'vitest'
import { InputError } from './index.js'

it('is one line that does nothing to a terminal, whatever it quotes', () => {
  expect(new InputError('a\nb\u001b[31m\u2028c\u0085.png: is no picture').message).toBe(
    'a?b?[31m?c?.png: is no picture',
  )
  expect(new InputError('façade – 写真.png: is empty').message).toBe('façade – 写真.png: is empty')
})

it('is no flood: of a long message beginning and end are told', () => {
  const { message } = new InputError(`list.yaml: class "${'x'.repeat(1e6)}" is not there; add it`)
  expect(message.length).toBeLessThan(2000)
  expect(message).toMatch(/^list\.yaml: class "x+ … x+" is not there; add it$/)
})

it('keeps its cause', () => {
  const cause = new Error('why')
  expect(new InputError('what', { cause }).cause).toBe(cause)
})
