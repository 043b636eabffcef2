import { InputError, didYouMean } from '@m2l/engine'
import { type CompareBy, forwardEncodings, meantEncoding, ownParts } from '@m2l/model'
import { automatic } from './weights-at-hand.js'
import { weightsFile } from './weights-file.js'

/** How pictures may be seen, see `LoadOptions`. */
export const viewNames = ['auto', 'whole', 'crops'] as const

/**
 * Refuses names of weights and of what compares that are none, before anything is read.
 *
 * @throws {InputError} naming what was probably meant, or when the weights are to be fetched first
 */
export function requireComparison({
  head,
  features,
  views,
  weights,
}: CompareBy & {
  readonly views?: string | undefined
  readonly weights?: string | undefined
}): void {
  if (weights !== undefined && weights !== automatic) weightsFile(weights, '', '', [automatic])
  const { names } = ownParts().levels
  if (head !== undefined && !names.includes(head)) {
    throw new InputError(
      `head ${head}: there is no level of this name${didYouMean(head, names)}; expected ${names.join(', ')}`,
    )
  }
  if (features !== undefined && !forwardEncodings.pattern.test(features)) {
    throw new InputError(
      `features ${features}: there are none of this name${meantEncoding(features)}; expected ${forwardEncodings.expected}`,
    )
  }
  if (views !== undefined && !(viewNames as readonly string[]).includes(views)) {
    throw new InputError(
      `views ${views}: pictures cannot be seen so${didYouMean(views, viewNames)}; expected ${viewNames.join(', ')}`,
    )
  }
}
