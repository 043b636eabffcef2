import { InputError, randomKey } from '@m2l/engine'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineLevel, LevelRegistry } from './index.js'

const constant = defineLevel({
  name: 'constant',
  options: z.object({ value: z.number().default(3) }),
  create: ({ value }) => ({
    name: `constant ${value}`,
    needs: [],
    state: {},
    scores: () => {
      throw new Error('not called here')
    },
  }),
})

const environment = { channels: 4, key: randomKey(1) }

describe('LevelRegistry', () => {
  it('creates a level by name with checked and defaulted options', () => {
    const registry = new LevelRegistry([constant])
    expect(registry.create('constant', {}, environment).name).toBe('constant 3')
    expect(registry.create('constant', { value: 5 }, environment).name).toBe('constant 5')
  })

  it('refuses unknown levels, options, types and a name used twice', () => {
    const registry = new LevelRegistry([constant])
    expect(() => registry.create('constnat', {}, environment)).toThrow(
      new InputError('there is no level constnat; there are constant'),
    )
    expect(() => registry.create('constant', { valeu: 1 }, environment)).toThrow(/level constant: .*valeu/)
    expect(() => registry.create('constant', { value: 'x' }, environment)).toThrow(
      /level constant\.value: .*number/,
    )
    expect(() => registry.register(constant)).toThrow(InputError)
  })
})
