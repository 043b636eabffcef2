import type { Size } from '../../transforms/view.js'
import { jpegFrame } from '../jpeg-frame.js'
import type { PictureFormat } from '../picture-format.js'

/**
 * How large a file says that its picture is, before anything is decoded; nothing where that is not plain to
 * see.
 */
export function storedSize(bytes: Uint8Array, format: PictureFormat): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (format === 'jpeg') return jpegFrame(bytes)
  if (bytes.length < 30) return undefined
  if (format === 'png') return { width: view.getUint32(16), height: view.getUint32(20) }
  if (format === 'gif') return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
  if (format === 'webp') return webpSize(view)
  return format === 'avif' ? avifSize(view) : undefined
}

/** WebP Container Specification (RFC 9649), sections 2.5 to 2.7. */
function webpSize(view: DataView): Size | undefined {
  const chunk = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + 12, 4))
  if (chunk === 'VP8 ')
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (chunk === 'VP8L') {
    const sides = view.getUint32(21, true)
    return { width: 1 + (sides & 0x3fff), height: 1 + ((sides >>> 14) & 0x3fff) }
  }
  if (chunk !== 'VP8X') return undefined
  return { width: 1 + (view.getUint32(24, true) & 0xffffff), height: 1 + (view.getUint32(26, true) >>> 8) }
}

const ispe = 0x69737065

/** The first `ispe` property (ISO 23008-12, section 6.5.3), which lies near the begin. */
function avifSize(view: DataView): Size | undefined {
  const end = Math.min(view.byteLength - 16, 4096)
  for (let at = 0; at < end; at++) {
    if (view.getUint32(at) === ispe) return { width: view.getUint32(at + 8), height: view.getUint32(at + 12) }
  }
  return undefined
}
