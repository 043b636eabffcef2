import { runCrashTestCommand } from './command.js'

process.exitCode = await runCrashTestCommand(process.argv.slice(2))
