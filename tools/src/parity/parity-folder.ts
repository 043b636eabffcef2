import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { loadSafetensors } from '@m2l/nn'
import { z } from 'zod'
import { caseKinds } from './kinds/case-kinds.js'
import { numbersOfStored, type NamedNumbers } from './numbers.js'
import type { Expectation } from './parity-case.js'

/** A case of a folder, read and ready to be run. */
export interface ParityCase extends Expectation {
  readonly name: string
}

/** A folder of parity cases: `cases.json` and the files that its cases name. */
export class ParityFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** The path of a file of the folder. */
  file(name: string): string {
    return join(this.path, name)
  }

  /**
   * The bytes of a file of the folder.
   *
   * @throws {InputError} when it cannot be read
   */
  async bytes(name: string): Promise<Uint8Array> {
    try {
      return await readFile(this.file(name))
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read'
      throw new InputError(`${this.file(name)}: ${reason}; give a whole folder of parity cases`, { cause: error })
    }
  }

  /**
   * The tensors of `<name>.safetensors`.
   *
   * @param names of exactly the tensors that it must have; any, but at least one, if not given
   * @throws {InputError} when it cannot be read or has other tensors
   */
  async tensors(name: string, names?: readonly string[]): Promise<NamedNumbers> {
    const file = this.file(`${name}.safetensors`)
    const { tensors } = await loadSafetensors(file)
    const found = Object.keys(tensors)
    const missing = names?.find((wanted) => !found.includes(wanted))
    const unexpected = names && found.find((other) => !names.includes(other))
    if (missing !== undefined) throw new InputError(`${file}: has no tensor ${missing}; a case like this needs it`)
    if (unexpected !== undefined) {
      throw new InputError(`${file}: tensor ${unexpected} is unknown; expected ${names!.join(', ')}`)
    }
    if (found.length === 0) throw new InputError(`${file}: has no tensors; a case needs some to compare with`)
    return Object.fromEntries(found.map((key) => [key, numbersOfStored(tensors[key]!)]))
  }

  /**
   * The folder's salt and its cases.
   *
   * @throws {InputError} when `cases.json` or a file of a case is missing, or something in it is unknown
   */
  async cases(): Promise<{ readonly salt: string; readonly cases: readonly ParityCase[] }> {
    const source = this.file('cases.json')
    const { salt, cases } = checked(document, parsed(await this.bytes('cases.json'), source), source)
    const repeated = cases.find(({ case: name }, index) => cases.findIndex((one) => one.case === name) !== index)
    if (repeated) throw new InputError(`${source}: two cases are named ${repeated.case}; give each its own name`)
    const prepared: ParityCase[] = []
    for (const one of cases) prepared.push(await this.#prepare(one, source))
    return { salt, cases: prepared }
  }

  async #prepare({ case: name, kind: kindName, ...settings }: Case, source: string): Promise<ParityCase> {
    const kind = caseKinds[kindName]
    if (!kind || !Object.hasOwn(caseKinds, kindName)) {
      const known = Object.keys(caseKinds).join(', ')
      throw new InputError(`${source}: case ${name} is of the unknown kind ${kindName}; expected ${known}`)
    }
    const values = checked(kind.settings, settings, `${source}: case ${name}`)
    return { name, ...(await kind.prepare(values, this, name)) }
  }
}

type Case = z.output<typeof document>['cases'][number]

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
