import { constants, setPriority } from 'node:os'
import { workspaceRoot } from '../workspace.js'
import { runQueueCommand } from './queue-command.js'

setPriority(constants.priority.PRIORITY_LOW) // its processes inherit it
// npm runs its scripts in the folder of package.json and says in INIT_CWD where it was called.
process.exitCode = await runQueueCommand(
  process.argv.slice(2),
  workspaceRoot,
  process.env.INIT_CWD ?? process.cwd(),
)
