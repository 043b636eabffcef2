import { Command } from 'commander'
import { dataCheckCommand } from './data-check.js'
import { dataPrepareCommand } from './data-prepare.js'
import { dataShowCommand } from './data-show.js'
import { dataSplitsCommand } from './data-splits.js'

/** `m2l data check`, `m2l data prepare`, `m2l data show` and `m2l data splits`. */
export function dataCommand(): Command {
  return new Command('data')
    .description('prepare and check data sets, and look at them and at split files')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addCommand(dataCheckCommand())
    .addCommand(dataPrepareCommand())
    .addCommand(dataShowCommand())
    .addCommand(dataSplitsCommand())
    .addHelpText(
      'after',
      `
Examples:
  m2l data check photos                              broken pictures, copies, leakage
  m2l data prepare cifar-fs --from cifar-100-python.tar.gz --to data/cifar-fs
  m2l data show photos                               classes and images`,
    )
}
