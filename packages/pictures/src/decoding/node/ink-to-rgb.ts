/**
 * Four inks to three lights, (255 - ink)(255 - black) / 255, without a colour profile, as Pillow does.
 *
 * @param inks cyan, magenta, yellow and black of each pixel, 255 for all of it.
 * @param channels samples of a pixel, of which the first four are the inks.
 */
export function inkToRgb(inks: Uint8Array, channels: number): Uint8Array {
  const pixels = inks.length / channels
  const rgb = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const paper = 255 - inks[pixel * channels + 3]!
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = paper - Math.round((inks[pixel * channels + channel]! * paper) / 255)
    }
  }
  return rgb
}
