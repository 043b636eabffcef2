import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { z } from 'zod'
import { caseKinds } from './kinds/case-kinds.js'
import type { Expectation } from './parity-case.js'
import { ParityFolder } from './parity-folder.js'
import { readBytes } from './read-bytes.js'

/** A case of a folder, read and ready to be run. */
export interface ParityCase extends Expectation {
  readonly name: string
}

/**
 * Reads a folder of parity cases: `cases.json` and the files that its cases name.
 *
 * @throws {InputError} when a file is missing or malformed, or a kind, a setting or a tensor is unknown
 */
export async function readCases(path: string): Promise<{ salt: string; cases: readonly ParityCase[] }> {
  const source = join(path, 'cases.json')
  const { salt, cases } = checked(document, parsed(await readBytes(source), source), source)
  const names = cases.map((one) => one.case)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) {
    throw new InputError(`${source}: two cases are named ${repeated}; give each its own name`)
  }
  const folder = new ParityFolder(path, salt)
  const prepared: ParityCase[] = []
  for (const { case: name, kind: kindName, ...settings } of cases) {
    const kind = Object.hasOwn(caseKinds, kindName) ? caseKinds[kindName] : undefined
    if (!kind) {
      const known = Object.keys(caseKinds).join(', ')
      throw new InputError(`${source}: case ${name} is of the unknown kind ${kindName}; expected ${known}`)
    }
    const values = checked(kind.settings, settings, `${source}: case ${name}`)
    prepared.push({ name, ...(await kind.prepare(values, folder, name)) })
  }
  return { salt, cases: prepared }
}

const document = z.strictObject({
  salt: z.string(),
  cases: z.array(z.looseObject({ case: z.string().min(1), kind: z.string() })).min(1),
})

function parsed(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new InputError(`${source}: is not JSON (${(error as Error).message})`, { cause: error })
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, source: string): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new InputError(`${source}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`)
}
