import { expect, it } from 'vitest'
import { decodeText, InputError, loadEngine, requireFinite } from './index.js'

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

it('carries a code that programs tell cases apart by', async () => {
  expect(new InputError('what').code).toBe('input')
  expect(new InputError('what', { code: 'weights' }).code).toBe('weights')
  await expect(loadEngine({ threads: 0 })).rejects.toMatchObject({ code: 'option' })
  expect(() => decodeText(Uint8Array.of(0xff), 'list.txt')).toThrow(expect.objectContaining({ code: 'file' }))
  expect(() => requireFinite([Number.NaN], 'the scores')).toThrow(
    expect.objectContaining({ code: 'numbers' }),
  )
})
