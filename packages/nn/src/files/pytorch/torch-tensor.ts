import { PickleError, PickleObject } from '@m2l/pickle'
import {
  elementsOf,
  elementTypes,
  viewed,
  type ElementTypeName,
  type StoredTensor,
} from '../../state/stored-tensor.js'

/** The bytes that tensors are views of. */
export class TorchStorage {
  #bytes: Uint8Array | undefined
  #isBigEndian = false

  constructor(
    readonly key: string,
    readonly byteLength: number,
  ) {}

  /** Gives it its bytes. @throws PickleError when they are not as many as the pickle declares */
  fill(bytes: Uint8Array, isBigEndian: boolean): void {
    if (bytes.length !== this.byteLength) {
      throw new PickleError(`storage ${this.key} has ${bytes.length} bytes instead of ${this.byteLength}`)
    }
    this.#isBigEndian = isBigEndian
    this.#bytes = bytes.byteOffset % widestElement === 0 ? bytes : new Uint8Array(bytes)
  }

  /** @throws PickleError when the file lacks them */
  get bytes(): Uint8Array {
    if (!this.#bytes) throw new PickleError(`it lacks storage ${this.key}`)
    return this.#bytes
  }

  get isBigEndian(): boolean {
    return this.#isBigEndian
  }
}

/** A storage, or a part of one, as elements of a type. */
export class TypedStorage extends PickleObject {
  readonly type: ElementTypeName
  /** The first element. */
  readonly start: number
  readonly elements: number

  constructor(
    readonly storage: TorchStorage,
    elements: { readonly type: ElementTypeName; readonly start: number; readonly elements: number },
  ) {
    super()
    this.type = elements.type
    this.start = elements.start
    this.elements = elements.elements
  }
}

/** Where the elements of a tensor lie: `[i, j, …]` at `offset + i * strides[0] + j * strides[1] + …`. */
export interface View {
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** A view of a storage. */
export class TorchTensor extends PickleObject {
  readonly #source: TypedStorage
  readonly #view: View

  /** @throws PickleError when it reaches beyond its storage */
  constructor(source: TypedStorage, { offset, shape, strides }: View) {
    super()
    this.#source = source
    this.#view = { offset: source.start + offset, shape: [...shape], strides: [...strides] }
    const end = shape.reduce((at, side, axis) => at + (side - 1) * strides[axis]!, offset) + 1
    if (elementsOf(shape) > 0 && end > source.elements) {
      throw new PickleError(
        `a tensor of shape [${shape}] and strides [${strides}] reaches beyond storage ${source.storage.key}`,
      )
    }
  }

  get shape(): readonly number[] {
    return this.#view.shape
  }

  /** What the values take once they are read. */
  get bytesInMemory(): number {
    return elementsOf(this.shape) * elementTypes[this.#source.type].bytesInMemory
  }

  /** The values in row-major order; they share the storage's memory where they lie in it like that. */
  read(): StoredTensor {
    const type = elementTypes[this.#source.type]
    const { storage } = this.#source
    const bytes = isRowMajor(this.#view)
      ? storage.bytes.subarray(...this.#span(type.bytes))
      : gathered(storage.bytes, this.#view, type.bytes)
    const littleEndian = storage.isBigEndian ? swapped(bytes, type.bytes) : bytes
    return { shape: this.shape, data: type.read(littleEndian), dtype: type.name }
  }

  #span(width: number): [begin: number, end: number] {
    const { offset, shape } = this.#view
    return [offset * width, (offset + elementsOf(shape)) * width]
  }
}

const widestElement = 8

function isRowMajor({ shape, strides }: View): boolean {
  let expected = 1
  return shape.toReversed().every((side, fromEnd) => {
    const fits = side === 1 || strides.at(-1 - fromEnd) === expected
    expected *= side
    return fits
  })
}

/** The axes along which there is something to do, so that none but these cost time for each element. */
function longAxes({ shape, strides }: View): [shape: number[], strides: number[]] {
  const axes = shape.flatMap((side, axis) => (side === 1 ? [] : [axis]))
  return [axes.map((axis) => shape[axis]!), axes.map((axis) => strides[axis]!)]
}

/**
 * The elements of a view one after the other. They are moved, not looked into: any array of their width does.
 */
function gathered(bytes: Uint8Array, view: View, width: number): Uint8Array {
  const [shape, strides] = longAxes(view)
  const array = arrayOfWidth[width]!
  const source = viewed<Uint8Array>(array, bytes.subarray(0, bytes.length - (bytes.length % width)))
  const target = new array(elementsOf(shape))
  let count = 0
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) target[count++] = source[at]!
    else for (let index = 0; index < shape[axis]!; index++) visit(axis + 1, at + index * strides[axis]!)
  }
  if (target.length > 0) visit(0, view.offset)
  return new Uint8Array(target.buffer)
}

const arrayOfWidth: Readonly<Record<number, Uint8ArrayConstructor>> = {
  1: Uint8Array,
  2: Uint16Array as unknown as Uint8ArrayConstructor,
  4: Uint32Array as unknown as Uint8ArrayConstructor,
  8: BigUint64Array as unknown as Uint8ArrayConstructor,
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Buffer.from(Uint8Array.from(bytes).buffer)
  if (width === 2) copy.swap16()
  else if (width === 4) copy.swap32()
  else if (width === 8) copy.swap64()
  return copy
}
