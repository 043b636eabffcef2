import { Option, type Command } from 'commander'

/** How a command speaks. */
export interface OutputOptions {
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
}

/** Adds what every command takes that prints a result. */
export function withJson(command: Command): Command {
  return command
    .helpOption('-h, --help', 'print help')
    .option('--json', 'print one JSON object on standard output and nothing else there')
}

/** Adds what every command takes that may run long enough to report progress. */
export function withProgress(command: Command): Command {
  return withJson(command)
    .addOption(new Option('--quiet', 'print no progress').conflicts('verbose'))
    .option('--verbose', 'print what is done, and progress elsewhere than on a terminal too')
}
