import type { Command } from 'commander'

/** The weights of commands that embed pictures may be an ONNX network, which has a card. */
export interface CardOption {
  readonly card?: string
}

export function withCard(command: Command): Command {
  return command.option(
    '--card <file>',
    'the card of weights that are an ONNX network (default: the .yaml file beside it of the same name)',
  )
}
