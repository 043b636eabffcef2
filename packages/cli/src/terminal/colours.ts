import picocolors from 'picocolors'

/**
 * Colours where a stream goes to a terminal that shows them, or FORCE_COLOR asks for them; never where
 * NO_COLOR is set. An empty variable counts as unset, and FORCE_COLOR=0 as no.
 */
export function coloursFor(stream: NodeJS.WriteStream): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(hasColours(stream))
}

function hasColours({ isTTY }: NodeJS.WriteStream): boolean {
  const { NO_COLOR: off, FORCE_COLOR: forced, TERM: terminal } = process.env
  if (off) return false
  if (forced) return !['0', 'false'].includes(forced)
  return isTTY && terminal !== 'dumb'
}
