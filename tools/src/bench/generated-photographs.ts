import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'

const [width, height] = [640, 480]

/**
 * A new temporary folder of JPEG files of 640x480 pixels which, to a decoder and a network, are like
 * photographs: large smooth patches of colour with grain. They are the same in every run.
 */
export async function generatedPhotographs(count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-bench-photographs-'))
  const grain = bytes(width * height * 3, 0, (number) => 96 + number * 64)
  const overlay = { input: grain, raw: { width, height, channels: 3 as const }, blend: 'overlay' as const }
  for (let index = 0; index < count; index++) {
    await sharp(
      bytes(16 * 12 * 3, index + 1, (number) => number * 256),
      { raw: { width: 16, height: 12, channels: 3 } },
    )
      .resize(width, height, { kernel: 'cubic' })
      .composite([overlay])
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${String(index).padStart(4, '0')}.jpg`))
  }
  return folder
}

/** Bytes made of numbers in [0, 1), which a linear congruential generator draws. */
function bytes(count: number, seed: number, of: (number: number) => number): Buffer {
  const drawn = Buffer.alloc(count)
  let state = seed
  for (let index = 0; index < count; index++) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    drawn[index] = of(state / 2 ** 32)
  }
  return drawn
}
