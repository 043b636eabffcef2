import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { InputError } from '@m2l/engine'
import { featureMaps } from './feature-maps.js'
import { NetworkSession, type NetworkSource } from './network-session.js'
import type { ProbeOrder, ProbeResult } from './try-network.js'

// Tries a network in a process of its own, which may crash or be killed: its bytes come on the standard input.

const { source, mostBytes } = JSON.parse(process.argv[2]!) as ProbeOrder
const watch = new Worker(new URL('./memory-watch.js', import.meta.url), { workerData: mostBytes })
await once(watch, 'online')
const result = await probe({ ...source, bytes: await buffer(process.stdin) })
process.stdout.write(JSON.stringify(result), () => process.exit())

/** One picture, then two, which must give as much each. */
async function probe(network: NetworkSource): Promise<ProbeResult> {
  try {
    const session = await NetworkSession.open(network)
    const { name, output, card } = network
    const shapes: (readonly number[])[] = []
    for (const count of session.fixedBatch === undefined ? [1, 2] : [session.fixedBatch]) {
      const data = new Float32Array(count * card.picture.size ** 2 * 3)
      const made = await session.run({ count, data })
      shapes.push(featureMaps(made, card, { name, output, count }).shape.slice(1))
    }
    const [first, second = first] = shapes
    if (String(first) !== String(second)) {
      throw new InputError(
        `${name}: its output ${output} is [${first!.join(', ')}] of one picture, but [${second!.join(', ')}] of each of two; expected the same`,
      )
    }
    return { shape: first as [number, number, number] }
  } catch (error) {
    if (error instanceof InputError) return { refusal: error.message }
    throw error
  }
}
