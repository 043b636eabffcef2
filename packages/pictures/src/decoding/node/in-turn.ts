/** Pixels of large pictures that are decoded at once, in one thread; a larger picture is decoded alone. */
const mostPixels = 2 ** 25

let underway = 0
const waiting: (() => void)[] = []

/**
 * Does some work on so many pixels once others leave room for them, so that many photographs do not fill the
 * memory.
 */
export async function inTurn<Result>(pixels: number, work: () => Promise<Result>): Promise<Result> {
  const share = Math.min(pixels, mostPixels)
  while (!hasRoomFor(share)) await new Promise<void>((resolve) => waiting.push(resolve))
  underway += share
  try {
    return await work()
  } finally {
    underway -= share
    waiting.splice(0).forEach((resume) => resume())
  }
}

function hasRoomFor(pixels: number): boolean {
  return underway + pixels <= mostPixels
}
