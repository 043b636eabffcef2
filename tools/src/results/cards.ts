import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { readCard, type ResultCard } from '@m2l/m2l'
import fastGlob from 'fast-glob'
import type { PlannedResult } from './plan.js'

/** A planned result with what was measured. */
export interface Measured extends PlannedResult {
  readonly card: ResultCard
}

/** The card of a result, within the folder of results. */
export function cardOf(id: string): string {
  return join('cards', `${id}.json`)
}

/**
 * The planned results that have a card, in the order of the plan.
 *
 * @param folder of the results
 * @throws {InputError} when a card cannot be read, or is of no planned result
 */
export async function measuredResults(folder: string, plan: readonly PlannedResult[]): Promise<Measured[]> {
  const planned = new Set(plan.map(({ id }) => cardOf(id)))
  const stray = fastGlob.sync('cards/**/*.json', { cwd: folder }).find((file) => !planned.has(file))
  if (stray)
    throw new InputError(
      `${join(folder, stray)}: is the card of no result of plan.yaml; delete it or plan it`,
    )
  const there = plan.filter(({ id }) => existsSync(join(folder, cardOf(id))))
  return Promise.all(
    there.map(async (result) => ({ ...result, card: await readCard(join(folder, cardOf(result.id))) })),
  )
}
