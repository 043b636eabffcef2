import { InputError } from '@m2l/engine'
import type { TensorMessage } from './onnx-messages.js'

/** Where the numbers of a tensor lie that are not in the ONNX file itself. */
export interface ExternalData {
  /** The path of a file, relative to the folder of the ONNX file. */
  readonly location: string
  readonly offset: number
  readonly length: number
}

/** Bits of a number, by ONNX's code of its type; of texts and unknown types nothing is known. */
const bitsOfType: Readonly<Record<number, number>> = {
  1: 32, // float
  2: 8, // uint8
  3: 8, // int8
  4: 16, // uint16
  5: 16, // int16
  6: 32, // int32
  7: 64, // int64
  9: 8, // bool
  10: 16, // float16
  11: 64, // double
  12: 32, // uint32
  13: 64, // uint64
  14: 64, // complex64
  15: 128, // complex128
  16: 16, // bfloat16
  17: 8, // float8e4m3fn
  18: 8, // float8e4m3fnuz
  19: 8, // float8e5m2
  20: 8, // float8e5m2fnuz
  21: 4, // uint4
  22: 4, // int4
  23: 4, // float4e2m1
}

const isExternal = 1

/** How many numbers a tensor is said to have. */
export function sizeOfTensor({ dims }: Pick<TensorMessage, 'dims'>): number {
  return dims.reduce<number>((product, side) => product * Number(side), 1)
}

/**
 * Checks that a tensor is as large as it says, so that nobody makes room for more.
 *
 * @param name what errors call the file
 * @returns where its numbers lie, if they are not in the file
 * @throws {InputError} when it has fewer
 */
export function requireOwnSize(tensor: TensorMessage, name: string): ExternalData | undefined {
  const size = sizeOfTensor(tensor)
  const bits = bitsOfType[tensor.dataType]
  const bytes = bits === undefined ? undefined : Math.ceil((size * bits) / 8)
  const refuse = (held: number) =>
    new InputError(
      `${name}: tensor ${tensor.name || 'without a name'} says [${tensor.dims.map(String).join(', ')}], ${bytes ?? size} bytes, but has ${held}; the file is damaged`,
    )
  if (!(size >= 0) || !Number.isSafeInteger(size)) throw refuse(tensor.rawData.length)
  if (tensor.dataLocation === isExternal) {
    const external = externalData(tensor)
    if (bytes !== undefined && external.length !== bytes && external.length !== 0)
      throw refuse(external.length)
    return { ...external, length: bytes ?? external.length }
  }
  const { rawData, floatData, int32Data, stringData, int64Data, doubleData, uint64Data } = tensor
  if (rawData.length > 0) {
    if (bytes !== undefined && rawData.length !== bytes) throw refuse(rawData.length)
    return undefined
  }
  const lists = [floatData, int32Data, stringData, int64Data, doubleData, uint64Data]
  const held = lists.flat().reduce((sum, { length }) => sum + length, 0)
  // texts are counted, and two numbers of 4 bits share a byte
  const most = tensor.dataType === ofTexts ? stringData.length : 2 * held
  if (size > most) throw refuse(held)
  return undefined
}

const ofTexts = 8

function externalData({ externalData: entries }: TensorMessage): ExternalData {
  const of = (key: string) => entries.find((entry) => entry.key === key)?.value
  return {
    location: of('location') ?? '',
    offset: Number(of('offset') ?? 0),
    length: Number(of('length') ?? 0),
  }
}
