import { run } from './run.js'

// Who reads what we print may stop reading, as `head` does; then there is nothing left to do, and nothing to complain of.
const brokenPipe = 128 + 13
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(brokenPipe)
  })
}

process.exitCode = await run(process.argv.slice(2))
