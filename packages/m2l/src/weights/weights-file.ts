import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError, didYouMean } from '@m2l/engine'
import { weightsPath } from '@m2l/nn/files'
import { requireFetched } from './fetched/fetched-weights.js'
import { assetAddress, fetchableNames, shippedNames } from '@m2l/weights'

/**
 * The file of weights that are named by a person: of the shipped or fetched weights of this name, else the
 * path of a file.
 *
 * @param from where paths start
 * @param said what stands before the name where it was given, for a mistake to be found
 * @param others what else could be meant there
 * @throws {InputError} when it is the name of weights that could be fetched and are not, or a plain name that
 *   is neither of such weights nor of a file
 */
export function weightsFile(
  nameOrFile: string,
  from = '',
  said = '',
  others: readonly string[] = [],
): string {
  const shipped = assetAddress(nameOrFile)
  if (shipped) return fileURLToPath(shipped)
  if (fetchableNames.includes(nameOrFile)) return requireFetched(nameOrFile, said)
  const file = from === '' ? nameOrFile : resolve(from, nameOrFile)
  if (!/^[\w-]+$/.test(nameOrFile) || existsSync(file)) return file
  const names = [...others, ...shippedNames, ...fetchableNames]
  throw new InputError(
    `${said}${nameOrFile}: no weights of this name are shipped or can be fetched${didYouMean(nameOrFile, names)}; expected ${names.join(', ')} or the path of a file`,
  )
}

/** Whether there is anything where weights are said to be; reading it tells what it is. */
export function weightsExist(file: string): boolean {
  return existsSync(weightsPath(file).file)
}
