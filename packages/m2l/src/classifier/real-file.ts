import { resolve } from 'node:path'
import { fileIdentity } from '@m2l/datasets'

/**
 * See `fileIdentity`; a file that cannot be looked at is told by its path, so that it is missed where it is
 * read.
 */
export function identityOfFile(path: string): Promise<string> {
  return fileIdentity(path).catch(() => resolve(path))
}
