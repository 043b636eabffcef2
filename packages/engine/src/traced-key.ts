import { RandomKey, type RandomGenerator } from './random-key.js'
import type { tf } from './tensorflow.js'

/** The folds that lead from the key of a call to the one that a random operation draws from. */
export type KeyPath = readonly (readonly (string | number)[])[]

/** The key of a call that is recorded: it knows how it follows from the key of the call. */
export class TracedKey extends RandomKey {
  readonly #path: KeyPath
  readonly #claim: (seed: tf.Tensor, path: KeyPath) => void
  readonly #onGenerator: () => void

  constructor(
    seed: RandomKey['seed'],
    claim: (seed: tf.Tensor, path: KeyPath) => void,
    onGenerator: () => void,
    path: KeyPath = [],
  ) {
    super(seed)
    this.#claim = claim
    this.#onGenerator = onGenerator
    this.#path = path
  }

  override fold(...path: readonly (string | number)[]): RandomKey {
    return new TracedKey(super.fold(...path).seed, this.#claim, this.#onGenerator, [...this.#path, path])
  }

  override generator(): RandomGenerator {
    this.#onGenerator()
    return super.generator()
  }

  /** Says that a tensor holds this key's seed. */
  claim(seed: tf.Tensor): void {
    this.#claim(seed, this.#path)
  }
}

/** The seed that a path leads to from the key of a call. */
export function seedAt(key: RandomKey, path: KeyPath): RandomKey['seed'] {
  return path.reduce((folded, part) => folded.fold(...part), key).seed
}
