import { InputError, loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { disposeState, kept, learned, mergeStates, prefixed, trainableVariables } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

describe('a state dict', () => {
  it('is composed of others by prefix', () => {
    const before = tf.memory().numTensors
    const weight = learned('plain', () => tf.ones([2]))
    const mean = kept('plain', () => tf.zeros([2]))
    const state = mergeStates(
      prefixed('layer1', { weight, running_mean: mean }),
      prefixed('head', { weight: mean }),
    )
    expect(Object.keys(state)).toEqual(['layer1.weight', 'layer1.running_mean', 'head.weight'])
    expect(trainableVariables(state)).toEqual({ 'layer1.weight': weight.value })
    disposeState({ weight, mean })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses two parameters of one name', () => {
    const weight = kept('plain', () => tf.zeros([2]))
    expect(() => mergeStates({ weight }, { weight })).toThrow(InputError)
    disposeState({ weight })
  })
})
