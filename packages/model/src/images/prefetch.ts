import { nextTurn } from '#next-turn'
import { span } from '@m2l/engine'

/**
 * Runs `load` for items ahead of their use, so that reading and decoding go on while the engine computes.
 *
 * @param ahead how many loads are under way beside the one in use; at least 1
 */
export async function* prefetch<Item, Loaded>(
  items: Iterable<Item>,
  load: (item: Item) => Promise<Loaded>,
  ahead = 2,
): AsyncGenerator<[Item, Loaded]> {
  const iterator = items[Symbol.iterator]()
  const underWay: [Item, Promise<Loaded>][] = []
  const startNext = () => {
    const next = iterator.next()
    if (next.done) return
    const loading = span('decode', () => load(next.value), { track: 'decode' })
    loading.catch(() => {}) // Reported where it is awaited.
    underWay.push([next.value, loading])
  }
  try {
    for (let count = 0; count < ahead; count++) startNext()
    for (let next = underWay.shift(); next; next = underWay.shift()) {
      startNext()
      const loaded = await span('wait for decoding', () => next[1])
      await nextTurn() // Items that load at once would otherwise keep signals and timers waiting for all of them.
      yield [next[0], loaded]
    }
  } finally {
    await Promise.allSettled(underWay.map(([, loading]) => loading))
  }
}
