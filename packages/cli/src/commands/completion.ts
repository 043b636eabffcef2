import { Argument, Command } from 'commander'
import { candidatesFor } from '../completion/candidates.js'
import { candidateLines, type Shell, shells, shellScripts } from '../completion/shell-script.js'

/** `m2l completion bash|zsh|fish`. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print a script with which a shell completes commands, options, recipes and splits')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .helpOption('-h, --help', 'print help')
    .addHelpText(
      'after',
      `
Examples:
  source <(m2l completion bash)           for now; in ~/.bashrc for good
  source <(m2l completion zsh)            the same, or in ~/.zshrc after compinit
  m2l completion fish | source            the same, or in ~/.config/fish/config.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(shellScripts[shell])
    })
}

/** What those scripts ask; nobody types it. */
export function completeWordsCommand(program: Command): Command {
  return new Command('complete-words')
    .addArgument(new Argument('<shell>').choices(shells))
    .argument('[words...]')
    .helpOption('-h, --help', 'print help')
    .action(async (shell: Shell, words: string[]) => {
      process.stdout.write(candidateLines(shell, await candidatesFor(program, words)))
    })
}
