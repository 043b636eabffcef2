import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'

const [width, height] = [640, 480]

/**
 * A new temporary folder of JPEG files of 640x480 pixels which, to a decoder and a network, are like photographs: large smooth
 * patches of colour with grain. They are the same in every run.
 */
export async function generatedPhotographs(count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-bench-photographs-'))
  for (let index = 0; index < count; index++) {
    const draw = numbers(index + 1)
    const patches = Uint8Array.from({ length: 16 * 12 * 3 }, () => draw() * 256)
    const grain = Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => 96 + draw() * 64))
    const overlay = { input: grain, raw: { width, height, channels: 3 as const }, blend: 'overlay' as const }
    await sharp(patches, { raw: { width: 16, height: 12, channels: 3 } })
      .resize(width, height, { kernel: 'cubic' })
      .composite([overlay])
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${String(index).padStart(4, '0')}.jpg`))
  }
  return folder
}

/** Numbers in [0, 1) from a linear congruential generator. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
