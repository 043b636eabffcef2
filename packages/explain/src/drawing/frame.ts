import type { Size } from '@m2l/pictures'
import type { Region } from '@m2l/nn'

/** A rectangle of a drawing, in its units. */
export interface Frame {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where a picture lies that is fitted into the middle of a square, its aspect kept. */
export function fitted({ height, width }: Size, x: number, y: number, side: number): Frame {
  const scale = side / Math.max(height, width)
  const [across, down] = [Math.max(1, width * scale), Math.max(1, height * scale)]
  return { x: x + (side - across) / 2, y: y + (side - down) / 2, width: across, height: down }
}

/** Where a region of a picture lies. */
export function within(frame: Frame, { top, bottom, left, right }: Region): Frame {
  return {
    x: frame.x + left * frame.width,
    y: frame.y + top * frame.height,
    width: (right - left) * frame.width,
    height: (bottom - top) * frame.height,
  }
}

/** A frame as attributes of an element, to a hundredth of a unit. */
export function placed({ x, y, width, height }: Frame): Record<keyof Frame, string> {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) }
}

/** A length as text, to a hundredth of a unit. */
export function rounded(value: number): string {
  return String(Math.round(100 * value) / 100)
}
