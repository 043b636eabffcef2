import { InvalidArgumentError, Option, type Command } from 'commander'
import { isWholeNumber, wholeNumber } from './whole-number.js'

/** How the engine computes. */
export interface EngineOptions {
  readonly device?: 'cpu' | 'gpu' | number
  readonly threads?: number
  readonly precision?: 'f32' | 'bf16'
}

/** Adds the options of the engine to a command that computes. */
export function engineOptions(command: Command): Command {
  return command
    .option(
      '--device <device>',
      'cpu, gpu, or the number of a GPU (default: a GPU if there is one)',
      parseDevice,
    )
    .option('--threads <count>', 'threads of the engine (default: one a core)', wholeNumber(1))
    .addOption(
      new Option(
        '--precision <type>',
        'of convolutions and products: f32, or bf16, faster on processors that have it',
      ).choices(['f32', 'bf16']),
    )
}

/** Loads the engine as the options say. */
export async function loadChosenEngine({ device, threads, precision }: EngineOptions): Promise<void> {
  const { loadEngine } = await import('@m2l/engine')
  await loadEngine({ device, threads, precision })
}

function parseDevice(text: string): 'cpu' | 'gpu' | number {
  if (text === 'cpu' || text === 'gpu') return text
  if (isWholeNumber(text)) return Number(text)
  throw new InvalidArgumentError('expected cpu, gpu, or the number of a GPU')
}
