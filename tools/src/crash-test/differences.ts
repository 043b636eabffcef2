import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { loggedScalars } from './event-log.js'

/**
 * Weights, moments, statistics, counters, position and history are in `last`; all must be equal to the last
 * bit.
 */
const files = ['last.safetensors', 'best.safetensors', 'record.txt']

/**
 * What differs in the run that was killed from the one that was left in peace.
 *
 * @param whole folder of a run to its end, with all its files
 * @param broken folder of the other
 */
export async function differencesOf(whole: string, broken: string): Promise<string[]> {
  const differences: string[] = []
  for (const file of files) {
    const expected = await readFile(join(whole, file))
    const actual = await readFile(join(broken, file)).catch(() => undefined)
    if (!actual || !expected.equals(actual)) differences.push(file)
  }
  const [expected, actual] = [await loggedScalars(whole), await loggedScalars(broken)]
  if (expected.length === 0 || !isDeepStrictEqual(expected, actual)) {
    differences.push(`logs (${expected.length} scalars, ${actual.length} after kills)`)
  }
  return differences
}
