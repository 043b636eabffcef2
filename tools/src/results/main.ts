import { workspaceRoot } from '../workspace.js'
import { runResultsCommand } from './command.js'

process.exitCode = await runResultsCommand(process.argv.slice(2), workspaceRoot)
