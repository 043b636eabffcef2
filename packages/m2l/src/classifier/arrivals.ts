import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError } from '@m2l/engine'
import { watch } from 'chokidar'
import { isHiddenBelow, isPicture, markedPictures, markOf } from './marked-pictures.js'

/**
 * How long a file must not grow before it is taken for complete, and how often it is looked at, in
 * milliseconds.
 */
const settled = { stabilityThreshold: 400, pollInterval: 100 }

/**
 * How often it is looked whether the folder is still there, which watchers do not tell everywhere, in
 * milliseconds.
 */
const lookEvery = 1000

/** Of which share of the time, at most, the folder is listed anew. */
const listingShare = 0.1

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
 * The picture files that arrive in a folder and in those in it, as many at a time as have arrived since the
 * last ones: written, rewritten, or renamed into place. A file that is being written is told when it does not
 * grow any more.
 *
 * Watchers lose events of the system under load. So the folder is also listed again and again: a file that
 * they did not tell is told once two listings have found it the same.
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
  const told = await markedPictures(folder).catch((error: unknown) => {
    throw unwatchable(folder, error)
  })
  const tell = (file: string, mark: string) => {
    if (told.get(file) === mark) return
    told.set(file, mark)
    waiting.add(file)
    wake()
  }
  const arrived = (file: string, stats?: Stats) => {
    if (isPicture(file)) tell(file, markOf(stats!))
    else onPassedOver?.(file)
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
  const ended = new AbortController()
  const listAgain = async () => {
    let before = new Map(told)
    for (let took = 0; ;) {
      await sleep(Math.max(lookEvery, took / listingShare), undefined, { signal: ended.signal })
      const started = performance.now()
      const toldBefore = new Map(told)
      const now = await markedPictures(folder).catch(() => undefined)
      took = performance.now() - started
      if (now === undefined) continue
      for (const file of toldBefore.keys()) if (!now.has(file)) told.delete(file)
      for (const [file, mark] of now) {
        if (before.get(file) === mark && told.get(file) === toldBefore.get(file)) tell(file, mark)
      }
      before = now
    }
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort)
  const looking = setInterval(() => void look(), lookEvery)
  const watcher = watch(folder, {
    ignoreInitial: true,
    awaitWriteFinish: settled,
    ignored: isHiddenBelow(folder),
  })
  void listAgain().catch((error: unknown) => ended.signal.aborted || fail(error))
  try {
    watcher
      .on('add', arrived)
      .on('change', arrived)
      .on('unlink', (file) => {
        waiting.delete(file)
        told.delete(file)
      })
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
    ended.abort()
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

function unwatchable(folder: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const why = code === 'ENOSPC' ? 'the system watches as many files as it may' : code
  return new InputError(`${folder}: cannot be watched (${why}); watch a smaller folder`, { cause: error })
}
