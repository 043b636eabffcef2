import { Option, type Command } from 'commander'

/** How examples are compared, where a person decides it. */
export interface CompareOptions {
  readonly head?: string
  readonly features?: string
  readonly views?: 'auto' | 'whole' | 'crops'
}

export function withCompare(command: Command): Command {
  return command
    .option(
      '--head <level>',
      'what compares: ridge, logistic, gda, nearest-mean, cache, matching, probe, … (default: as the weights say, or chosen by the examples)',
    )
    .option(
      '--features <encoding>',
      'what it sees of a picture, as model.forward_encoding of recipes: Centre-stage6,head, Mean, … (default: as the weights say)',
    )
    .addOption(
      new Option(
        '--views <views>',
        'see pictures as a whole, or their corners, too, in five passes; auto where the examples show that it pays',
      )
        .choices(['auto', 'whole', 'crops'])
        .default('auto'),
    )
}

/** The same for whoever classifies. */
export function compareBy({ head, features, views }: CompareOptions): CompareOptions {
  return { head, features, views }
}
