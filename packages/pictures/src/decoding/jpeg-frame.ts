import type { Undecodable } from './undecodable.js'

/** What the frame header of a JPEG file says (ITU T.81, section B.2.2). */
export interface JpegFrame {
  /** Its marker, 0xC0 to 0xCF: how the picture is coded; 0xF7 for JPEG-LS. */
  readonly process: number
  /** Bits of a channel. */
  readonly precision: number
  /** As it is stored, before it is turned. */
  readonly height: number
  readonly width: number
  /** 1 for grey, 3 for colours, 4 for inks. */
  readonly components: number
}

/** Looks at a few bytes only, because asking sharp costs a quarter of decoding a small picture. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    if (isFrameHeader(marker)) {
      return {
        process: marker,
        precision: bytes[at + 4]!,
        height: bytes[at + 5]! * 256 + bytes[at + 6]!,
        width: bytes[at + 7]! * 256 + bytes[at + 8]!,
        components: bytes[at + 9]!,
      }
    }
    at += marker === 0xff ? 1 : 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
  }
  return undefined
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie among them; and the frame of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  const isJpeg = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
  return isJpeg || marker === 0xf7
}

/** Why a frame is not read, if so: all but 8 bits, differences of pictures (hierarchical), JPEG-LS. */
export function refusedFrame({ process, precision }: JpegFrame): Undecodable | undefined {
  const remedy = 'save it as an ordinary JPEG or PNG file'
  if (process === 0xf7) return { reason: 'is a JPEG-LS picture, which is not read', remedy }
  if (precision !== 8)
    return { reason: `is a JPEG file of ${precision} bits a channel, which is not read`, remedy }
  if (process >= 0xc5 && process !== 0xc9 && process !== 0xca) {
    return {
      reason: `is a JPEG file of a rare kind (frame 0x${process.toString(16)}), which is not read`,
      remedy,
    }
  }
  return undefined
}
