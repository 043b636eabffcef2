import { rm } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { generatedPhotographs } from './generated-photographs.js'
import { measureOurs } from './ours.js'
import { measurePeer, peerFor, type Peer } from './peer.js'
import { rowOf, type Row } from './row.js'
import {
  precisionsOf,
  works,
  type Job,
  type Measurement,
  type PeerWay,
  type Precision,
  type WorkName,
} from './work.js'

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
  const { pictures } = works[work]
  if (pictures !== 'generated') {
    return measureOn(work, settings, say, pictures === 'folder' ? settings.data : undefined)
  }
  say(`${work}: making photographs`)
  const folder = await generatedPhotographs(settings.quick ? 4 : 128)
  try {
    return await measureOn(work, settings, say, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measureOn(
  work: WorkName,
  settings: BenchSettings,
  say: (line: string) => void,
  data: string | undefined,
): Promise<Row[]> {
  const { rounds, repeats, threads, quick } = settings
  const job = { work, repeats, threads, quick, ...(data !== undefined && { data }) }
  const precisions = precisionsOf(work).filter((precision) => settings.precisions.includes(precision))
  const peer = settings.peer && peerFor(work, settings.peer)
  const ours = new MeasurementsByPrecision()
  const sides = new Map<PeerWay, MeasurementsByPrecision>()
  const ways = new Set(works[work].peerWays.filter((way) => way !== 'compiled' || settings.compile))
  for (let round = 1; round <= rounds; round++) {
    for (const precision of precisions) {
      say(`${work} ${precision}, round ${round} of ${rounds}`)
      ours.add(precision, await measureOurs({ ...job, precision }))
    }
    if (!peer) continue
    for (const way of ways) {
      say(`${work}, the peer's${words[way]}, round ${round} of ${rounds}`)
      try {
        const side = sides.get(way) ?? new MeasurementsByPrecision()
        side.addAll(await measurePeer(peer, { ...job, way }))
        sides.set(way, side)
      } catch (error) {
        if (way === 'eager' || !(error instanceof InputError)) throw error
        process.stderr.write(`bench: goes on without ${libraries[way]}: ${error.message}\n`)
        ways.delete(way)
      }
    }
  }
  return precisions.map((precision) => {
    const of = (way: PeerWay) => sides.get(way)?.of(precision) ?? []
    if (peer && of('eager').length === 0)
      throw new InputError(`the peer ${peer.script} does not measure ${work} in ${precision}`)
    const onTorch = [of('eager'), of('compiled')].filter((side) => side.length > 0)
    return rowOf(work, precision, ours.of(precision), onTorch, of('onnxruntime'))
  })
}

const words = { eager: '', compiled: ' compiled', onnxruntime: ' in ONNX Runtime' } as const
const libraries = { compiled: 'torch.compile', onnxruntime: 'ONNX Runtime' } as const

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
