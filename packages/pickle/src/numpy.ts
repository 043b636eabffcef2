import { plainConstructors, type Constructor, type Constructors } from './constructors.js'
import { costs } from './memory-budget.js'
import { numpyValues } from './numpy-values.js'
import { PickleError } from './pickle-error.js'
import {
  isPickleBytes,
  PickleGlobal,
  PickleObject,
  pickleText,
  type PickleBytes,
  type PickleValue,
} from './pickle-value.js'

/** A numpy array of fixed-size elements. Its bytes fill its shape. */
export class NumpyArray extends PickleObject {
  #content = emptyContent

  /** The element type as numpy writes it: byte order (`<`, `>` or `|`), kind and bytes, for example `<f4`. */
  get dtype(): string {
    return this.#content.dtype
  }

  get shape(): readonly number[] {
    return this.#content.shape
  }

  /** Whether the first axis, not the last, is the one whose neighbours are neighbours in `data`. */
  get fortranOrder(): boolean {
    return this.#content.fortranOrder
  }

  get data(): PickleBytes {
    return this.#content.data
  }

  override setState(state: PickleValue): void {
    const [, shape, type, fortranOrder, data] = Array.isArray(state) ? state : []
    this.#content = checked(shape, type, fortranOrder === true, data)
  }
}

interface NumpyContent {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly fortranOrder: boolean
  readonly data: PickleBytes
}

const emptyContent: NumpyContent = { dtype: '|u1', shape: [0], fortranOrder: false, data: Buffer.alloc(0) }

/** The type of an array's elements. */
class NumpyType extends PickleObject {
  readonly #kind: string
  #byteOrder: string

  constructor(description: string) {
    super()
    const parts = /^([<>|=]?)([biufcSU])(\d{1,9})$/.exec(description)
    if (!parts) throw new PickleError('it holds a numpy array of objects or records')
    this.#byteOrder = parts[1]!
    this.#kind = parts[2]! + parts[3]!
  }

  get dtype(): string {
    return (this.itemBytes === 1 ? '|' : this.#byteOrder.replace(/^=?$/, '<')) + this.#kind
  }

  get itemBytes(): number {
    return Number(this.#kind.slice(1)) * (this.#kind.startsWith('U') ? 4 : 1)
  }

  override setState(state: PickleValue): void {
    const [, byteOrder, ...records] = Array.isArray(state) ? state.slice(0, 5) : []
    const order = pickleText(byteOrder)
    if (order === undefined || !/^[<>|=]$/.test(order))
      throw new PickleError('it holds an unknown numpy type')
    if (records.some((record) => record !== null)) throw new PickleError('it holds a numpy array of records')
    this.#byteOrder = order
  }
}

/** Numpy's arrays, element types and scalars, and all of {@link plainConstructors}. */
export const numpyConstructors: Constructors = {
  ...plainConstructors,
  'numpy.ndarray': null,
  'numpy.dtype': ([description]) => {
    const name = description instanceof PickleGlobal ? undefined : pickleText(description)
    return new NumpyType(name ?? '')
  },
  ...inCore('multiarray._reconstruct', () => new NumpyArray()),
  ...inCore('multiarray.scalar', ([type, bytes]) => scalar(type, bytes)),
  ...inCore('numeric._frombuffer', ([bytes, type, shape, order]) => {
    const array = new NumpyArray()
    array.setState([1, shape ?? null, type ?? null, pickleText(order) === 'F', bytes ?? null])
    return array
  }),
}

/** Numpy 2 moved its functions. */
function inCore(name: string, constructor: Constructor): Constructors {
  const charged: Constructor = (args, budget) => {
    budget.charge(2 * costs.object)
    return constructor(args, budget)
  }
  return { [`numpy.core.${name}`]: charged, [`numpy._core.${name}`]: charged }
}

function checked(
  shape: PickleValue | undefined,
  type: PickleValue | undefined,
  fortranOrder: boolean,
  data: PickleValue | undefined,
): NumpyContent {
  if (!(type instanceof NumpyType) || !isShape(shape) || !isPickleBytes(data)) {
    throw new PickleError('it holds a numpy array that is not described as they are')
  }
  const bytes = shape.reduce((product, side) => product * side, type.itemBytes)
  if (bytes !== data.length) {
    throw new PickleError(
      `it holds a numpy array of type ${type.dtype} and shape [${shape}] in ${data.length} bytes`,
    )
  }
  return { dtype: type.dtype, shape: [...shape], fortranOrder, data }
}

/** As many sides as numpy allows. */
function isShape(value: PickleValue | undefined): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= 64 &&
    value.every((side) => Number.isSafeInteger(side) && (side as number) >= 0)
  )
}

function scalar(type: PickleValue | undefined, bytes: PickleValue | undefined): PickleValue {
  if (!(type instanceof NumpyType) || !Buffer.isBuffer(bytes) || bytes.length !== type.itemBytes) {
    throw new PickleError('it holds a numpy scalar that is not described as they are')
  }
  if (type.dtype.startsWith('S', 1)) return bytes
  const [value] = numpyValues(type.dtype, bytes)
  return type.dtype === '|b1' ? value === 1 : value!
}
