import { InputError } from '@m2l/engine'

/** @throws {InputError} when a side is not a whole number of at least one pixel. */
export function assertSide(transform: string, side: number): void {
  if (Number.isInteger(side) && side >= 1) return
  throw new InputError(
    `${transform}: a side of ${side} pixels cannot be made; give a whole number of at least 1`,
    { code: 'option' },
  )
}
