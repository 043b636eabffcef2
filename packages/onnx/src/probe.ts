import { buffer } from 'node:stream/consumers'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { InputError } from '@m2l/engine'
import { featureMaps } from './feature-maps.js'
import { NetworkSession, type NetworkSource } from './network-session.js'
import { outOfMemory, type ProbeOrder, type ProbeResult } from './try-network.js'

// Tries a network in a process of its own, which may crash or be killed: its bytes come on the standard input.

if (isMainThread) {
  const order = JSON.parse(process.argv[2]!) as ProbeOrder
  new Worker(new URL(import.meta.url), { workerData: order.mostBytes }).unref()
  const result = await probe({ ...order.source, bytes: await buffer(process.stdin) })
  process.stdout.write(JSON.stringify(result), () => process.exit())
} else {
  const mostBytes = workerData as number
  setInterval(() => {
    if (process.memoryUsage.rss() > mostBytes) process.exit(outOfMemory)
  }, 5)
}

/** One picture, then two, which must give as much each. */
async function probe(source: NetworkSource): Promise<ProbeResult> {
  try {
    const session = await NetworkSession.open(source)
    const { name, output, card } = source
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
