import { Command } from 'commander'

/** `m2l engine install|status`, as the engine's own `m2l-engine` command. */
export function engineCommand(): Command {
  return new Command('engine')
    .description('install the native engine, or tell which engine computes (install, status)')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[arguments...]')
    .action(async (args: string[]) => {
      const { runEngineCommand } = await import('@m2l/engine')
      process.exitCode = await runEngineCommand(args, 'm2l engine')
    })
}
