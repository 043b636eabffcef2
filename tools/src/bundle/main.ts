import { runBundleCommand } from './bundle-command.js'

process.exitCode = await runBundleCommand(process.argv.slice(2))
