import { InputError, randomKey } from '@m2l/engine'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BackboneRegistry, defineBackbone, ownBackbones } from './index.js'

const averages = defineBackbone({
  name: 'averages',
  options: z.object({ channels: z.int().default(3) }),
  input: { size: 32, normalisation: 'none', frame: 'square' },
  create: ({ channels }) => ({
    name: 'averages',
    channels,
    state: {},
    embed: () => {
      throw new Error('not called here')
    },
    outputSize: () => [1, 1],
    dispose() {},
  }),
})
const key = randomKey(1)

describe('BackboneRegistry', () => {
  it('creates a backbone by name with checked and defaulted options', () => {
    const registry = new BackboneRegistry([averages])
    expect(registry.create('averages', {}, { key }).channels).toBe(3)
    expect(registry.create('averages', { channels: 5 }, { key }).channels).toBe(5)
    expect(registry.find('averages')).toBe(averages)
    expect(registry.find('R12')).toBeUndefined()
  })

  it('refuses unknown backbones, options, types and a name used twice', () => {
    const registry = new BackboneRegistry([averages])
    expect(() => registry.get('average')).toThrow(
      new InputError('"average" is not a backbone; choose one of averages'),
    )
    expect(() => registry.create('averages', { chanels: 1 }, { key })).toThrow(/backbone averages: .*chanels/)
    expect(() => registry.create('averages', { channels: 'x' }, { key })).toThrow(
      /backbone averages\.channels: .*number/,
    )
    expect(() => registry.register(averages)).toThrow(
      new InputError('two backbones are named averages; rename one'),
    )
  })

  it('has those of this package with how they are given pictures', () => {
    const registry = new BackboneRegistry()
    expect(registry.names).toEqual(ownBackbones.map(({ name }) => name))
    expect(registry.get('R12-pre')).toMatchObject({
      network: 'R12',
      input: { size: 84, normalisation: 'imagenet', frame: { square: 92 / 84 } },
    })
    expect(registry.get('EfficientNet-Lite2')).toMatchObject({
      input: { size: 260, normalisation: 'efficientnet-lite', frame: 'square' },
    })
  })
})
