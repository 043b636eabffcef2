/** Where a part of a drawing starts, and how wide it may be; its height is its own. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
}
