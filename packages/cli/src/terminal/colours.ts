import picocolors from 'picocolors'

/** Colours where a stream goes to a terminal that shows them and nobody has turned them off; else plain text. */
export function coloursFor(stream: NodeJS.WriteStream): ReturnType<typeof picocolors.createColors> {
  const { NO_COLOR: off, TERM: terminal } = process.env
  return picocolors.createColors(stream.isTTY === true && !off && terminal !== 'dumb')
}
