export { tf } from './tensorflow.js'
export { InputError } from './input-error.js'
export { loadEngine } from './load.js'
export { RandomKey, RandomGenerator, randomKey } from './random-key.js'
