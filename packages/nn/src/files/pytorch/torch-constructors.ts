import {
  numpyConstructors,
  PickleError,
  PickleGlobal,
  type Constructor,
  type Constructors,
  type PickleValue,
} from '@m2l/pickle'
import { elementTypes, type ElementTypeName } from '../../state/stored-tensor.js'
import { TorchTensor, TypedStorage } from './torch-tensor.js'

const typeOfStorageClass: Readonly<Record<string, ElementTypeName>> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  UntypedStorage: 'U8',
}

const elementTypeNames = Object.keys(elementTypes) as ElementTypeName[]

/**
 * All that a checkpoint may ask for by name: what state dicts consist of (PyTorch's `torch/_utils.py`,
 * `_rebuild_tensor_v2` and its neighbours), and the scalars of Python and numpy that programs save beside
 * them.
 */
export const torchConstructors: Constructors = {
  ...numpyConstructors,
  ...namesOnly(Object.keys(typeOfStorageClass).map((name) => `torch.${name}`)),
  ...namesOnly(elementTypeNames.map((name) => `torch.${elementTypes[name].name}`)),
  'torch.storage.UntypedStorage': null,
  'torch._utils._rebuild_tensor': charged(tensor),
  'torch._utils._rebuild_tensor_v2': charged(tensor),
  'torch._utils._rebuild_tensor_v3': charged(([storage, offset, shape, strides, , , type]) =>
    tensor([ofType(storage, type), offset!, shape!, strides!]),
  ),
  'torch._utils._rebuild_parameter': ([data]) => parameter(data),
  'torch._utils._rebuild_parameter_with_state': ([data]) => parameter(data),
  'torch.Size': ([sides = []]) => sides,
  'torch.device': ([name = null]) => name,
}

/** The elements of a storage class such as `torch.FloatStorage`. */
export function elementTypeOf(storageClass: PickleValue | undefined): ElementTypeName {
  const name = storageClass instanceof PickleGlobal ? storageClass.name.split('.').at(-1)! : ''
  if (!Object.hasOwn(typeOfStorageClass, name)) throw new PickleError('it holds a storage of an unknown type')
  return typeOfStorageClass[name]!
}

function namesOnly(names: readonly string[]): Constructors {
  return Object.fromEntries(names.map((name) => [name, null]))
}

/** In bytes, what a tensor takes besides its values, here and as a tensor that was read. */
const tensorCost = 1024

function charged(constructor: Constructor): Constructor {
  return (args, budget) => {
    budget.charge(tensorCost)
    return constructor(args, budget)
  }
}

function tensor([source, offset, shape, strides]: readonly PickleValue[]): TorchTensor {
  const isView = isCounts([offset]) && isCounts(shape) && isCounts(strides)
  if (!(source instanceof TypedStorage) || !isView || shape.length !== strides.length) {
    throw new PickleError('it holds a tensor that is not described as they are')
  }
  return new TorchTensor(source, { offset: offset as number, shape, strides })
}

/** The storage's bytes as elements of another type. */
function ofType(source: PickleValue | undefined, type: PickleValue | undefined): PickleValue {
  const name = elementTypeNames.find(
    (each) => type instanceof PickleGlobal && type.name === `torch.${elementTypes[each].name}`,
  )
  if (!name || !(source instanceof TypedStorage))
    throw new PickleError('it holds a tensor of an unknown type')
  const elements = Math.floor(source.storage.byteLength / elementTypes[name].bytes)
  return new TypedStorage(source.storage, { type: name, start: 0, elements })
}

function parameter(data: PickleValue | undefined): TorchTensor {
  if (!(data instanceof TorchTensor)) throw new PickleError('it holds a parameter that is no tensor')
  return data
}

/** As many sides as PyTorch allows. */
function isCounts(value: unknown): value is number[] {
  const isCount = (item: unknown) => Number.isSafeInteger(item) && (item as number) >= 0
  return Array.isArray(value) && value.length <= 64 && value.every(isCount)
}
