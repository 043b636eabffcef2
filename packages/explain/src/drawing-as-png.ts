import sharp from 'sharp'

/** Pixels for each unit of a drawing. */
const scale = 2

/**
 * A drawing as a PNG file, at twice its size in pixels. Texts are set in the fonts of this machine.
 *
 * @param svg as `drawExplanation` gives it
 */
export async function drawingAsPng(svg: string): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: 72 * scale, unlimited: true })
    .png()
    .toBuffer()
}
