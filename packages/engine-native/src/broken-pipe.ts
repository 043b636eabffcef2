/** The exit code of a program that a broken pipe ends, as a shell has it: 128 and the number of SIGPIPE. */
const brokenPipe = 128 + 13

let isWatched = false

/**
 * Lets the process end quietly, with exit code 141, when who reads what it prints stops reading, as `head`
 * does: there is nothing left to do, and nothing to complain of. Harmless when repeated.
 */
export function leaveOnBrokenPipe(): void {
  if (isWatched) return
  isWatched = true
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(brokenPipe)
    })
  }
}
