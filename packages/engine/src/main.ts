import { runEngineCommand } from './command.js'

process.exitCode = await runEngineCommand(process.argv.slice(2), 'm2l-engine')
