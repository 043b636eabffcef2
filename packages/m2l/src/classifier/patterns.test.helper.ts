import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RgbImage } from '@m2l/pictures'
import sharp from 'sharp'
import { afterAll } from 'vitest'

/** A square on a ground: colours by the kind, place and size by the number. */
export function pattern(kind: number, number: number, side = 40): RgbImage {
  const data = new Uint8Array(side * side * 3)
  const colour = (index: number) => [(index * 83 + 40) % 256, (index * 151 + 90) % 256, (index * 199) % 256]
  const [ground, figure] = [colour(kind), colour(kind + 7)]
  const [left, top] = [4 + ((number * 5) % 14), 4 + ((number * 3) % 12)]
  const size = 10 + ((kind * 3 + number) % 8)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const isInside = row >= top && row < top + size && column >= left && column < left + size
      data.set(isInside ? figure : ground, (row * side + column) * 3)
    }
  }
  return { width: side, height: side, data }
}

/** Several patterns of a kind, numbered from `first` on. */
export function patterns(kind: number, count: number, first = 0): RgbImage[] {
  return Array.from({ length: count }, (_, index) => pattern(kind, first + index))
}

export function png({ width, height, data }: RgbImage): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

/** A new empty folder, removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-classifier-'))
  made.push(folder)
  return folder
}

const made: string[] = []
afterAll(() => Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true }))))

/** Writes `<folder>/<class>/<number>.png`. */
export async function writeClasses(
  folder: string,
  classes: Readonly<Record<string, readonly RgbImage[]>>,
): Promise<void> {
  for (const [name, images] of Object.entries(classes)) {
    await mkdir(join(folder, name), { recursive: true })
    for (const [number, image] of images.entries()) {
      await writeFile(join(folder, name, `${number}.png`), await png(image))
    }
  }
}
