import { cifarFsConv64f } from './cards/cifar-fs-conv64f.js'
import { emojiConv64f } from './cards/emoji-conv64f.js'
import { fc100Conv64f } from './cards/fc100-conv64f.js'
import { flowersConv64f } from './cards/flowers-conv64f.js'
import { omniglotConv64f } from './cards/omniglot-conv64f.js'
import type { WeightsCard } from './weights-card.js'

/** The weights of this package: their cards, in the order of their names. */
export const shippedWeights: readonly WeightsCard[] = [
  cifarFsConv64f,
  emojiConv64f,
  fc100Conv64f,
  flowersConv64f,
  omniglotConv64f,
]

/** Their names. */
export const shippedNames: readonly string[] = shippedWeights.map(({ name }) => name)

/** The card of shipped weights; nothing for other names. */
export function cardOf(name: string): WeightsCard | undefined {
  return shippedWeights.find((card) => card.name === name)
}
