/**
 * The learning rate of each epoch.
 *
 * @param epoch counted from 0
 */
export type Schedule = (epoch: number) => number

/** The rate, multiplied by `decay` after every `every` epochs (PyTorch's `StepLR`). */
export function stepDecay(options: { rate: number; decay: number; every: number }): Schedule {
  const { rate, decay, every } = options
  if (!Number.isInteger(every) || every < 1) {
    throw new RangeError(`a rate decays every 1 or more whole epochs, not every ${every}`)
  }
  return (epoch) => rate * decay ** Math.floor(epoch / every)
}

/** The rate, multiplied by `decay` from each of the `milestones` on (PyTorch's `MultiStepLR`). */
export function multistepDecay(options: {
  rate: number
  decay: number
  milestones: readonly number[]
}): Schedule {
  const { rate, decay, milestones } = options
  return (epoch) => rate * decay ** milestones.filter((milestone) => milestone <= epoch).length
}
