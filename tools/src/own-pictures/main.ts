import { runOwnPicturesCommand } from './command.js'

// npm runs its scripts in the folder of package.json and says in INIT_CWD where it was called.
process.exitCode = await runOwnPicturesCommand(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd())
