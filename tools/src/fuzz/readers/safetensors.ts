import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '@m2l/nn'
import fc from 'fast-check'
import { safetensorsOf, safetensorsParts } from '../containers.js'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'

/** A few tensors of different types. */
export const fewTensors: Readonly<Record<string, StoredTensor>> = {
  'encoder.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'encoder.steps': { shape: [], data: BigInt64Array.of(7n) },
  'classifier.bias': { shape: [4], data: Int32Array.of(1, -2, 3, -4) },
  mask: { shape: [3, 1], data: Uint8Array.of(0, 1, 1) },
}

const count = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308))
const entry = fc.record(
  {
    dtype: fc.constantFrom(
      'F32',
      'F64',
      'F16',
      'BF16',
      'I64',
      'I32',
      'I16',
      'I8',
      'U8',
      'U16',
      'BOOL',
      'C64',
    ),
    shape: fc.array(count, { maxLength: 4 }),
    data_offsets: fc.array(count, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)
const header = fc.oneof(
  fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue()), { maxKeys: 5 }),
  fc.jsonValue(),
)

/** Files of tensors, as we and others write them. */
export const safetensors: Reader = {
  name: 'safetensors',
  share: 130,
  async open() {
    const whole = Buffer.from(encodeSafetensors({ tensors: fewTensors, metadata: { epoch: '7' } }))
    const { header: valid, data } = safetensorsParts(whole)
    const withHeader = (text: Buffer) => safetensorsOf(text, data)
    return {
      forms: [
        changed([whole, safetensorsOf(valid, data)]),
        changed([valid], withHeader),
        madeUp(
          fc.json().map((text) => text),
          withHeader,
        ),
        madeUp(
          header.map((value) => JSON.stringify(value)),
          withHeader,
        ),
      ],
      read: (input) => decodeSafetensors(input, 'input'),
    }
  },
}
