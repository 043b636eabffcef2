import { runUnequalCommand } from './unequal-command.js'

// npm runs its scripts in the folder of package.json and says in INIT_CWD where it was called.
process.exitCode = await runUnequalCommand(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd())
