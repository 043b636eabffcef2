import { runSoakCommand } from './command.js'

process.exitCode = await runSoakCommand(process.argv.slice(2))
