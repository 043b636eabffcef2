import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { InputError } from '@m2l/engine'
import { featureMaps, type FeatureMaps } from './feature-maps.js'
import { NetworkSession, type NetworkSource } from './network-session.js'
import { batchOf, compareTrial, leastDependence, mostDependence, trialPictures } from './trial.js'
import type { ProbeOrder, ProbeResult } from './try-network.js'

/** Numbers of 32 bits hold the squares of features between these, to compare by. */
const [smallest, largest] = [1e-15, 1e15]

// Tries a network in a process of its own, which may crash or be killed: its bytes come on the standard
// input.

const { source, mostBytes } = JSON.parse(process.argv[2]!) as ProbeOrder
const workerData = { mostBytes, parent: process.ppid }
const watch = new Worker(new URL('./process-watch.js', import.meta.url), { workerData })
await once(watch, 'online')
const result = await probe({ ...source, bytes: await buffer(process.stdin) })
process.stdout.write(JSON.stringify(result), () => process.exit())

/**
 * A picture alone, or among its like, then in a batch of as many as there are in any run later: each must be
 * as much, and the picture the same.
 */
async function probe(network: NetworkSource): Promise<ProbeResult> {
  try {
    const session = await NetworkSession.open(network)
    const [first, second] = trialPictures(network.card)
    const { fixedBatch, viewsPerRun } = session
    const filled = (pictures: readonly Float32Array[], count: number) =>
      batchOf(Array.from({ length: count }, (_, index) => pictures[index % pictures.length]!))
    const run = (views: ReturnType<typeof batchOf>) => featuresOf(session, network, views)
    const alone = await run(filled([first], fixedBatch ?? 1))
    const beside =
      viewsPerRun === 1
        ? joined(await run(batchOf([second])), alone)
        : await run(filled([second, first], viewsPerRun))
    requireComparable(network, beside)
    return { shape: sameShape(network, alone, beside), notes: notesOf(network, alone, beside) }
  } catch (error) {
    if (error instanceof InputError) return { refusal: error.message }
    throw error
  }
}

async function featuresOf(
  session: NetworkSession,
  { name, output, card }: NetworkSource,
  views: ReturnType<typeof batchOf>,
): Promise<FeatureMaps> {
  const made = await session.run(views)
  const maps = featureMaps(made, card, { name, output, count: views.count })
  return { ...maps, data: Float32Array.from(maps.data) } // the runtime may use its memory again
}

function joined(a: FeatureMaps, b: FeatureMaps): FeatureMaps {
  const { count, data } = batchOf([a.data, b.data])
  return { shape: [count, a.shape[1], a.shape[2], a.shape[3]], data }
}

function sameShape(
  { name, output }: NetworkSource,
  alone: FeatureMaps,
  beside: FeatureMaps,
): [number, number, number] {
  const [first, second] = [alone.shape.slice(1), beside.shape.slice(1)]
  if (String(first) === String(second)) return first as [number, number, number]
  throw new InputError(
    `${name}: its output ${output} is [${first.join(', ')}] of one picture, but [${second.join(', ')}] of each of several; expected the same`,
  )
}

function requireComparable({ name, output }: NetworkSource, { data }: FeatureMaps): void {
  const most = data.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0)
  if (!Number.isFinite(most) || most === 0 || (most >= smallest && most <= largest)) return
  throw new InputError(
    `${name}: the largest number of its output ${output} is ${most.toExponential(1)}, whose square numbers of 32 bits do not hold; expected ${smallest} to ${largest.toExponential()}, so name another output or scale this one`,
  )
}

/** What a person should know, as words that follow the network's name. */
function notesOf({ name, output }: NetworkSource, alone: FeatureMaps, beside: FeatureMaps): string[] {
  const { dependence, isConstant } = compareTrial(alone, beside)
  if (dependence > mostDependence) {
    throw new InputError(
      `${name}: its output ${output} of a picture depends on what other pictures it is given with, so that no answer would hold; export the network for inference (model.eval()), without what it computes over a batch`,
    )
  }
  return [
    ...(dependence > leastDependence
      ? [
          `its output ${output} of a picture changes with what other pictures it is given with, by ${(100 * dependence).toFixed(1)} % of how far two pictures are apart, as where a network is quantised while it runs`,
        ]
      : []),
    ...(isConstant
      ? [
          `its output ${output} is the same for two pictures that look nothing alike, so that every answer is a guess; check the file, output.name of its card, and picture.mean and picture.deviation`,
        ]
      : []),
  ]
}
