import { leaveOnBrokenPipe } from './broken-pipe.js'
import { runEngineCommand } from './command.js'

leaveOnBrokenPipe()
process.exitCode = await runEngineCommand(process.argv.slice(2), 'm2l-engine')
