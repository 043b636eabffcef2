import { Command } from 'commander'
import { dataCommand } from './commands/data.js'
import { engineCommand } from './commands/engine.js'
import { evaluateCommand } from './commands/evaluate.js'
import { pretrainCommand } from './commands/pretrain.js'
import { trainCommand } from './commands/train.js'
import { packageVersion } from './package-version.js'

/** The `m2l` command. */
export function createProgram(): Command {
  const program = new Command('m2l')
    .description('Few-shot image recognition by multi-level metric learning')
    .version(packageVersion)
    .exitOverride()
    .showHelpAfterError('(add --help for usage)')
    .addHelpText(
      'after',
      `
Examples:
  m2l engine install                                      bring in the native engine
  m2l pretrain --cfg configs/emoji/pretrain_Conv64F-4x.yaml
  m2l train    --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml train.epochs=3
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --json

Exit codes: 0 done, 1 failed, 2 bad input, 130 or 143 interrupted. NO_COLOR turns colours off.`,
    )
  for (const command of [
    engineCommand(),
    dataCommand(),
    pretrainCommand(),
    trainCommand(),
    evaluateCommand(),
  ]) {
    program.addCommand(command.exitOverride())
  }
  return program
}
