import { InputError } from '@m2l/engine'
import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'

/**
 * Omniglot from its folders `images_background` and `images_evaluation`; the smaller selections beside them
 * are passed over.
 *
 * @throws InputError when neither is there
 */
export function readOmniglotParts(input: LayoutInput): Promise<LayoutIndex> {
  const isPart = (folder: string): boolean => /(^|\/)images_(background|evaluation)$/.test(folder)
  if (!input.tree.folders.some(isPart)) {
    throw new InputError(
      `${input.tree.root}: holds neither images_background nor images_evaluation; name a folder with images_background.zip and images_evaluation.zip, or an archive of both`,
    )
  }
  return readLayout(input, 'omniglot')
}
