import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { imageExtensions } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { watch } from 'chokidar'

/** How long a file must not grow before it is taken for complete, and how often it is looked at, in milliseconds. */
const settled = { stabilityThreshold: 400, pollInterval: 100 }

/** How often it is looked whether the folder is still there, which watchers do not tell everywhere, in milliseconds. */
const lookEvery = 1000

/** How arrivals are followed. */
export interface ArrivalOptions {
  /** Called when everything that arrives from now on is told. */
  readonly onReady?: () => void
  /** Told files that are no pictures by their names. */
  readonly onPassedOver?: (file: string) => void
  /** Aborting it ends the watch, with its reason. */
  readonly signal?: AbortSignal
}

/**
 * The picture files that arrive in a folder and in those in it, as many at a time as have arrived since the last ones: written,
 * rewritten, or renamed into place. A file that is being written is told when it does not grow any more.
 *
 * @throws {InputError} when there is no such folder, it goes away, or it cannot be watched
 * @throws the signal's reason when it is aborted
 */
export async function* arrivals(
  folder: string,
  { onReady, onPassedOver, signal }: ArrivalOptions = {},
): AsyncGenerator<readonly string[]> {
  const found = await requireFolder(folder)
  let waiting = new Set<string>()
  let failure: unknown
  let wake = () => {}
  const fail = (error: unknown) => {
    failure ??= error
    wake()
  }
  const onAbort = () => fail(signal!.reason)
  const arrived = (file: string) => {
    if (isPicture(file)) waiting.add(file)
    else onPassedOver?.(file)
    wake()
  }
  const look = async () => {
    const now = await stat(folder).catch(() => undefined)
    if (now?.ino !== found.ino)
      fail(
        new InputError(
          `${folder}: is not there any more, so that nothing can arrive in it; start again when it is`,
        ),
      )
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort)
  const looking = setInterval(() => void look(), lookEvery)
  const watcher = watch(folder, {
    ignoreInitial: true,
    awaitWriteFinish: settled,
    ignored: isHiddenBelow(folder),
  })
  try {
    watcher
      .on('add', arrived)
      .on('change', arrived)
      .on('unlink', (file) => waiting.delete(file))
      .on('unlinkDir', (gone) => {
        if (gone === folder)
          fail(new InputError(`${folder}: is not there any more; nothing can arrive in it`))
      })
      .on('error', (error) => fail(unwatchable(folder, error)))
      .on('ready', () => onReady?.())
    for (;;) {
      if (failure !== undefined) throw failure
      if (waiting.size === 0) {
        await new Promise<void>((awake) => (wake = awake))
        continue
      }
      const files = [...waiting].toSorted()
      waiting = new Set()
      yield files
    }
  } finally {
    clearInterval(looking)
    signal?.removeEventListener('abort', onAbort)
    await watcher.close()
  }
}

/** @throws {InputError} when there is no such folder to watch */
export async function requireFolder(folder: string): Promise<Stats> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return found
  throw new InputError(`${folder}: ${found ? 'is a file' : 'does not exist'}; expected a folder to watch`)
}

function isPicture(file: string): boolean {
  return imageExtensions.includes(extname(file).toLowerCase())
}

/** Whether a file or a folder above it, in the folder, begins with a dot. */
function isHiddenBelow(folder: string): (path: string) => boolean {
  return (path) => path.startsWith(folder) && /(?:^|[/\\])\.[^/\\.]/.test(path.slice(folder.length))
}

function unwatchable(folder: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const why = code === 'ENOSPC' ? 'the system watches as many files as it may' : code
  return new InputError(`${folder}: cannot be watched (${why}); watch a smaller folder`, { cause: error })
}
