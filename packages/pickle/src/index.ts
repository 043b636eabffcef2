export { plainConstructors, type Constructor, type Constructors } from './constructors.js'
export type { MemoryBudget } from './memory-budget.js'
export { NumpyArray, numpyConstructors } from './numpy.js'
export { numpyValues, type NumpyValues } from './numpy-values.js'
export { PickleError } from './pickle-error.js'
export { openPickleFile, pickleInMemory, type PickleFile, type PickleSource } from './pickle-source.js'
export {
  ByteRange,
  isPickleBytes,
  PickleGlobal,
  PickleObject,
  pickleText,
  type PickleBytes,
  type PickleDict,
  type PickleValue,
} from './pickle-value.js'
export { readPickle, type PickleContent, type PickleOptions } from './read-pickle.js'
export { PersistentId, PickleCall, writePickle, type WritablePickle } from './write-pickle.js'
