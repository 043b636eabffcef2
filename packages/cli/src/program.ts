import { Command } from 'commander'
import { classifyCommand } from './commands/classify.js'
import { classesCommand } from './commands/classes.js'
import { compareCommand } from './commands/compare.js'
import { completeWordsCommand, completionCommand } from './commands/completion.js'
import { dataCommand } from './commands/data.js'
import { embedCommand } from './commands/embed.js'
import { engineCommand } from './commands/engine.js'
import { evaluateCommand } from './commands/evaluate.js'
import { explainCommand } from './commands/explain.js'
import { pretrainCommand } from './commands/pretrain.js'
import { trainCommand } from './commands/train.js'
import { weightsCommand } from './commands/weights.js'
import { helpAsTyped, programName } from './program-name.js'
import { packageVersion } from './package-version.js'

/** The `m2l` command. What computes is imported when a command runs, so that help appears at once. */
export function createProgram(): Command {
  const program = new Command('m2l')
    .description('Few-shot image recognition by multi-level metric learning')
    .version(packageVersion, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText(
      'after',
      `
Examples:
  m2l engine install                                      bring in the native engine
  m2l pretrain --cfg configs/emoji/pretrain_Conv64F-4x.yaml
  m2l train    --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml train.epochs=3
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --json
  m2l classify --support examples --query photos          your own pictures by a few of each class
  m2l weights convert published.pth published.safetensors

Exit codes: 0 done, 1 failed, 2 bad input, 130 or 143 interrupted,
141 nobody reads what is printed. NO_COLOR turns colours off, FORCE_COLOR on.`,
    )
  for (const command of [
    engineCommand(),
    dataCommand(),
    pretrainCommand(),
    trainCommand(),
    evaluateCommand(),
    explainCommand(),
    classifyCommand(),
    classesCommand(),
    embedCommand(),
    compareCommand(),
    weightsCommand(),
    completionCommand(),
  ]) {
    program.addCommand(command)
  }
  program.addCommand(completeWordsCommand(program), { hidden: true })
  complainInOneLine(program, '')
  return program
}

/** Mistakes in the words of a command are told like all others: in one line, without ending the process. */
function complainInOneLine(command: Command, name: string): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => process.stdout.write(helpAsTyped(text)),
    outputError: (text, write) => {
      const message = text
        .trim()
        .replace(/^error: /, '')
        .replaceAll('\n', ' ')
      write(`m2l: ${message.replace(/\.$/, '')}; see ${programName()}${name} --help\n`)
    },
  })
  for (const inner of command.commands) complainInOneLine(inner, `${name} ${inner.name()}`)
}
