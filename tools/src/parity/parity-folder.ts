import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { loadSafetensors } from '@m2l/nn/files'
import { numbersOfStored, type NamedNumbers } from './numbers.js'
import { readBytes } from './read-bytes.js'

/** The files of a folder of parity cases. */
export class ParityFolder {
  readonly path: string
  /** From which, with their names, the inputs are generated. */
  readonly salt: string

  constructor(path: string, salt: string) {
    this.path = path
    this.salt = salt
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
  bytes(name: string): Promise<Uint8Array> {
    return readBytes(this.file(name))
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
    if (missing !== undefined) throw new InputError(`${file}: has no tensor ${missing}, which its case needs`)
    if (unexpected !== undefined) {
      throw new InputError(`${file}: tensor ${unexpected} is unknown; expected ${names!.join(', ')}`)
    }
    if (found.length === 0)
      throw new InputError(`${file}: has no tensors; its case needs some to compare with`)
    return Object.fromEntries(found.map((key) => [key, numbersOfStored(tensors[key]!)]))
  }
}
