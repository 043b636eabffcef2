import { Command } from 'commander'
import { dataPrepareCommand } from './data-prepare.js'
import { dataShowCommand } from './data-show.js'
import { dataSplitsCommand } from './data-splits.js'

/** `m2l data prepare`, `m2l data show` and `m2l data splits`. */
export function dataCommand(): Command {
  return new Command('data')
    .description('prepare data sets, and look at them and at split files')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addCommand(dataPrepareCommand())
    .addCommand(dataShowCommand())
    .addCommand(dataSplitsCommand())
}
