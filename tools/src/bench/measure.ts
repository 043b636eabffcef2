import { InputError } from '@m2l/engine'
import { measureOurs } from './ours.js'
import { measurePeer, type Peer } from './peer.js'
import { rowOf, type Row } from './row.js'
import { needsData, precisionsOf, type Job, type Measurement, type Precision, type WorkName } from './work.js'

/** What is measured, and how. */
export interface BenchSettings extends Pick<Job, 'repeats' | 'threads' | 'data' | 'quick'> {
  readonly works: readonly WorkName[]
  readonly precisions: readonly Precision[]
  readonly rounds: number
  readonly peer?: Peer
  /** Whether the peer also runs through `torch.compile`. */
  readonly compile: boolean
}

/**
 * Measures works one after the other, each in rounds of ours, then the peer's.
 *
 * @param say receives a line when something begins
 * @returns a row for each work and precision
 * @throws {InputError} when the data folder or the peer cannot be used
 */
export async function measure(settings: BenchSettings, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = []
  for (const work of settings.works) rows.push(...(await measureWork(work, settings, say)))
  return rows
}

async function measureWork(
  work: WorkName,
  settings: BenchSettings,
  say: (line: string) => void,
): Promise<Row[]> {
  const { rounds, peer, repeats, threads, quick } = settings
  const data = settings.data !== undefined && needsData(work) ? { data: settings.data } : {}
  const job = { work, repeats, threads, quick, ...data }
  const precisions = precisionsOf(work).filter((precision) => settings.precisions.includes(precision))
  const ours = new MeasurementsByPrecision()
  const eager = new MeasurementsByPrecision()
  const compiled = new MeasurementsByPrecision()
  let compile = settings.compile && !needsData(work) // the peer compiles only what is measured in seconds
  for (let round = 1; round <= rounds; round++) {
    for (const precision of precisions) {
      say(`${work} ${precision}, round ${round} of ${rounds}`)
      ours.add(precision, await measureOurs({ ...job, precision }))
    }
    if (!peer) continue
    say(`${work}, the peer's, round ${round} of ${rounds}`)
    eager.addAll(await measurePeer(peer, { ...job, compiled: false }))
    if (!compile) continue
    try {
      say(`${work}, the peer's compiled, round ${round} of ${rounds}`)
      compiled.addAll(await measurePeer(peer, { ...job, compiled: true }))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      process.stderr.write(`bench: goes on without torch.compile: ${error.message}\n`)
      compile = false
    }
  }
  return precisions.map((precision) => {
    if (peer && eager.of(precision).length === 0)
      throw new InputError(`the peer ${peer.script} does not measure ${work} in ${precision}`)
    const sides = [eager.of(precision), compiled.of(precision)].filter((side) => side.length > 0)
    return rowOf(work, precision, ours.of(precision), sides)
  })
}

class MeasurementsByPrecision {
  readonly #measurements = new Map<Precision, Measurement[]>()

  add(precision: Precision, measurement: Measurement): void {
    this.#measurements.set(precision, [...this.of(precision), measurement])
  }

  addAll(measurements: ReadonlyMap<Precision, Measurement>): void {
    for (const [precision, measurement] of measurements) this.add(precision, measurement)
  }

  of(precision: Precision): readonly Measurement[] {
    return this.#measurements.get(precision) ?? []
  }
}
