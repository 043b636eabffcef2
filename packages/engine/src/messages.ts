/** What programs say to people, apart from TensorFlow.js, which takes most of a second to load. */
export { InputError } from './input-error.js'
export { count } from './count.js'
export { oneLine } from './one-line.js'
