import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { count, InputError } from '@m2l/engine'
import type { StoredTensor } from '../state/stored-tensor.js'
import type { Weights } from './weights-file.js'

/** Far more than any model is divided into. */
const mostShards = 1000

/**
 * The files that an index of shards names (`….index.json` of Hugging Face), by tensor; nothing where it is
 * something else.
 */
export function shardIndex(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  if (!/^\s*\{/.test(bytes.toString('latin1', 0, 64))) return undefined
  try {
    const { weight_map: files } = JSON.parse(bytes.toString('utf8')) as { weight_map?: unknown }
    if (typeof files !== 'object' || files === null) return undefined
    const entries = Object.entries(files)
    return entries.every(([, name]) => typeof name === 'string') ? new Map(entries) : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads weights that are divided into several files.
 *
 * @param read reads one of them
 * @throws {InputError} when one is missing or lacks a tensor that the index says it has, or lies elsewhere
 *   than beside the index
 */
export async function loadShards(
  file: string,
  index: ReadonlyMap<string, string>,
  read: (file: string) => Promise<Weights>,
): Promise<Weights> {
  const names = [...new Set(index.values())]
  const outside = names.find(
    (name) => name === '' || name === '..' || basename(name) !== name || name.includes('\\'),
  )
  if (outside !== undefined || names.length === 0 || names.length > mostShards) {
    throw new InputError(
      `${file}: an index of ${count(names.length, 'file')} of weights${outside === undefined ? '' : `, one of them ${JSON.stringify(outside)}`}; expected 1 to ${mostShards} names of files beside it`,
      { code: 'weights' },
    )
  }
  const tensors: [string, StoredTensor][] = []
  const hash = createHash('sha256')
  let first: Weights | undefined
  for (const name of names) {
    const shard = await read(join(dirname(file), name)).catch((error: unknown) => {
      throw error instanceof InputError
        ? new InputError(`${file} names ${error.message}`, { code: 'weights' })
        : error
    })
    first ??= shard
    hash.update(shard.sha256)
    for (const [tensor, of] of index) {
      if (of !== name) continue
      const stored = shard.tensors[tensor]
      if (!stored || !Object.hasOwn(shard.tensors, tensor)) {
        throw new InputError(
          `${file}: says that ${name} holds ${tensor}, which it does not; download both again`,
          { code: 'weights' },
        )
      }
      tensors.push([tensor, stored])
    }
  }
  return {
    ...first!,
    tensors: Object.fromEntries(tensors),
    leftOut: {},
    under: null,
    sha256: hash.digest('hex'),
  }
}
