import { Command } from 'commander'
import { interruptible } from '../interruptible.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { type OutputOptions, withJson, withProgress } from './output-options.js'

interface InstallOptions extends OutputOptions {
  readonly gpu?: true
  readonly python?: string
  readonly verify?: true
  readonly optional?: true
}

/** `m2l engine install` and `m2l engine status`: the engine's own `m2l-engine` command. */
export function engineCommand(): Command {
  return new Command('engine')
    .description('install the native engine, or tell which engine computes')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addCommand(installCommand())
    .addCommand(statusCommand())
    .addHelpText(
      'after',
      `
Examples:
  m2l engine install
  m2l engine status --json`,
    )
}

function installCommand(): Command {
  const command = new Command('install')
    .description('bring the native engine into the per-user cache; does nothing if it is there')
    .option('--gpu', 'TensorFlow with CUDA (Linux on x86-64)')
    .option('--python <file>', 'the Python 3 that has pip, or a TensorFlow (default: python3)')
    .option('--verify', 'compare the content of every file, and repair what has changed')
    .option('--optional', 'warn and end well where the engine cannot be installed')
  return withProgress(command)
    .addHelpText(
      'after',
      `
Examples:
  m2l engine install
  m2l engine install --gpu
  m2l engine install --python /opt/python/bin/python3 --verify

M2L_CACHE is the cache's folder.`,
    )
    .action(async (options: InstallOptions) => {
      const { gpu, python, verify, optional, json, quiet } = options
      const display = new ProgressDisplay(options)
      const { runEngineCommand } = await import('@m2l/engine-native')
      process.exitCode = await interruptible(display, 'nothing half-made stays', (signal) =>
        runEngineCommand(
          [
            'install',
            ...flags({ gpu, verify, optional, json, quiet }),
            ...(python === undefined ? [] : [`--python=${python}`]),
          ],
          'm2l engine',
          { signal },
        ),
      )
    })
}

function statusCommand(): Command {
  return withJson(new Command('status'))
    .description('tell which engine computes, and why')
    .addHelpText(
      'after',
      `
Examples:
  m2l engine status
  m2l engine status --json`,
    )
    .action(async ({ json }: Pick<OutputOptions, 'json'>) => {
      const { runEngineCommand } = await import('@m2l/engine-native')
      process.exitCode = await runEngineCommand(['status', ...flags({ json })], 'm2l engine')
    })
}

function flags(options: Readonly<Record<string, true | undefined>>): string[] {
  return Object.keys(options).flatMap((name) => (options[name] ? [`--${name}`] : []))
}
