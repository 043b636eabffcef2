import { readFileSync } from 'node:fs'
import { Tinypool } from 'tinypool'
import { renderPixels } from '@m2l/pictures/pixels'
import {
  type Decoded,
  decodeAll,
  type DecodeWork,
  fingerprintAll,
  type RenderWorkInto,
} from './picture-work.js'

// What a thread of the pool runs; nothing here may import the engine, which would be loaded into every
// thread.

/** {@link decodeAll}; the pixels change hands without being copied. */
export async function decode(work: DecodeWork): Promise<unknown> {
  const decoded = (await decodeAll(work, readFileSync)).map(withMemoryOfItsOwn)
  const memory = decoded.flatMap((picture) => ('data' in picture ? [picture.data.buffer] : []))
  return Tinypool.move({
    [Tinypool.transferableSymbol]: memory,
    [Tinypool.valueSymbol]: decoded,
  } as unknown as Parameters<typeof Tinypool.move>[0])
}

/** {@link fingerprintAll}; pixels stay in the thread. */
export function fingerprint(work: DecodeWork): ReturnType<typeof fingerprintAll> {
  return fingerprintAll(work, readFileSync)
}

/** Renders views into the memory that comes with them. */
export function render({ images, views, options, memory }: RenderWorkInto): void {
  renderPixels(images, views, options, memory)
}

/** Buffers of native code cannot change hands. */
function withMemoryOfItsOwn(decoded: Decoded): Decoded {
  return 'data' in decoded && Buffer.isBuffer(decoded.data)
    ? { ...decoded, data: new Uint8Array(decoded.data) }
    : decoded
}
