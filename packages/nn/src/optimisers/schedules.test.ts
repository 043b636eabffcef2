import { describe, expect, it } from 'vitest'
import { multistepDecay, stepDecay } from '../index.js'

describe('schedules', () => {
  it('stepDecay decays after every so many epochs', () => {
    const rate = stepDecay({ rate: 8, decay: 0.5, every: 10 })
    expect([0, 9, 10, 19, 20, 39].map(rate)).toEqual([8, 8, 4, 4, 2, 1])
  })

  it('multistepDecay decays at its milestones in any order', () => {
    const rate = multistepDecay({ rate: 8, decay: 0.5, milestones: [200, 100] })
    expect([0, 99, 100, 199, 200, 350].map(rate)).toEqual([8, 8, 4, 4, 2, 2])
  })

  it('multistepDecay without milestones is constant', () => {
    expect(multistepDecay({ rate: 0.1, decay: 0.1, milestones: [] })(1000)).toBe(0.1)
  })

  it.each([0, 1.5, Number.NaN])('stepDecay refuses a period of %d', (every) => {
    expect(() => stepDecay({ rate: 1, decay: 0.5, every })).toThrow(RangeError)
  })
})
