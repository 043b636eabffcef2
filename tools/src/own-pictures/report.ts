import Table from 'cli-table3'
import type { Interval } from '@m2l/trainer'
import { comparedSides, overallDifferences } from './comparison.js'
import { mostShots, shots } from './draws.js'
import type { FolderResult, MeasureSettings } from './measure.js'

/** One line of JSON. */
export function reportJson(results: readonly FolderResult[], settings: MeasureSettings): string {
  const { draws, ways, seed, weights } = settings
  const folders = results.map((result) => ({ ...result, sides: comparedSides(result) }))
  const overall = overallDifferences(folders.map(({ sides }) => sides))
  return JSON.stringify({ draws, ways, shots, seed, weights, folders, overall })
}

/** For each folder a table and what it took, then what all folders say together. */
export function reportTables(results: readonly FolderResult[]): string {
  const compared = results.map(comparedSides)
  const texts = results.flatMap((result, index) => {
    const [least, most] = result.queries
    const asked = least === most ? String(most) : `${least} to ${most}`
    const measured = `${result.folder}: ${result.classes} classes, ${result.pictures} pictures, ${asked} to recognise in a draw`
    return [measured, tableOf(compared[index]!), ...choicesOf(result), speedOf(result), ...result.notes]
  })
  const overall = overallDifferences(compared)
  if (results.length > 1) {
    const table = plainTable(['ours as chosen less …, mean of all', ...shots.map(heading)])
    for (const side of new Set(overall.map((one) => one.side))) {
      const cells = shots.map((shot) => overall.find((one) => one.side === side && one.shots === shot))
      table.push([side, ...cells.map((cell) => (cell ? signed(cell) : '-'))])
    }
    texts.push(table.toString())
  }
  return texts.join('\n')
}

function tableOf(compared: ReturnType<typeof comparedSides>): string {
  const table = plainTable([
    'side',
    'examples',
    'right (%)',
    'chosen less it',
    'AUROC: familiarity',
    'probability',
    'highest score',
  ])
  for (const { side, shots: shot, accuracy, chosenLessIt, auroc } of compared) {
    const told = [auroc.familiarity, auroc.probability, auroc.score]
    table.push([
      side,
      shot,
      `${percent(accuracy.mean)} ± ${percent(accuracy.halfWidth95)}`,
      chosenLessIt ? signed(chosenLessIt) : '',
      ...told.map((value) => (value === null ? '-' : percent(value))),
    ])
  }
  return table.toString()
}

function choicesOf({ choices }: FolderResult): string[] {
  return shots.map((shot) => {
    const most = Object.entries(choices[shot]).toSorted(([, a], [, b]) => b - a)
    return `chosen with ${heading(shot)}: ${most.map(([choice, draws]) => `${draws} x ${choice}`).join('; ')}`
  })
}

function speedOf({ speed, peerVersions }: FolderResult): string {
  const { chosen, features, peer } = speed
  const rate = (value: number) => `${value.toFixed(0)} pictures a second`
  const ours =
    `ours as chosen: ${median(chosen.seconds).toFixed(1)} s for a draw of ${mostShots} examples a class, ` +
    `${rate(median(chosen.picturesPerSecond))} with everything; features alone, with reading: ${rate(features)}`
  if (!peer) return ours
  const others = [
    `PyTorch ${rate(peer.eager)}${peer.compiled === null ? '' : `, compiled ${peer.compiled.toFixed(0)}`}, with reading ${peer.withReading.toFixed(0)}`,
    ...(peer.onnxRuntime === null ? [] : [`ONNX Runtime ${peer.onnxRuntime.toFixed(0)}`]),
  ]
  const pictures = median(chosen.seconds.map((taken, draw) => taken * chosen.picturesPerSecond[draw]!))
  const seconds = `${(pictures / peer.withReading).toFixed(1)} s for the features of such a draw`
  const versions = Object.entries(peerVersions!).map(([name, version]) => `${name} ${version}`)
  return `${ours}\npeer: ${seconds}; ${others.join('; ')} (${versions.join(', ')})`
}

function plainTable(head: readonly string[]) {
  return new Table({ head: [...head], style: { head: [], border: [] } })
}

function heading(shot: number): string {
  return shot === 1 ? '1 example' : `${shot} examples`
}

function signed({ mean, halfWidth95 }: Interval): string {
  return `${mean > 0 ? '+' : ''}${percent(mean)} ± ${percent(halfWidth95)}`
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2
}
