import { leaveOnSignals, leaveWhereInterrupted } from './interruption.js'

// Who reads what we print may stop reading, as `head` does; then there is nothing left to do, and nothing to
// complain of.
const brokenPipe = 128 + 13
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(brokenPipe)
  })
}

// Where the system limits the size of files, it sends this beside the error; the error is enough.
process.on('SIGXFSZ', () => {})

const words = process.argv.slice(2)
leaveOnSignals(words)
const { run } = await import('./run.js')
process.exitCode = await run(words)
leaveWhereInterrupted()
