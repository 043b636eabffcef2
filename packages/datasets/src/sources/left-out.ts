import { unreadHint } from '../unread-pictures.js'

/** Why an entry of a folder or an archive is not read, and how to tell of such entries. */
const reasons = {
  leftover: ['hidden or left by a system'],
  'not-a-picture': ['no picture by its ending', 'no pictures by their endings'],
  special: ['pipe, socket, device or the like', 'pipes, sockets, devices or the like'],
  'link-to-nothing': ['link that leads to no file', 'links that lead to no file'],
  'link-back': ['link to a folder that is read already', 'links to folders that are read already'],
  'same-file': ['further name of a file', 'further names of files'],
  'same-file-other-class': [
    'name of a file that counts for another class',
    'names of files that count for other classes',
  ],
  name: ['with a name that is not UTF-8', 'with names that are not UTF-8'],
  encrypted: ['encrypted'],
  method: ['packed by another method than deflate and store'],
  replaced: ['replaced by a later entry of the same name'],
  'no-class': ['picture in no class', 'pictures in no class'],
} as const

/** See {@link LeftOut}. */
export type LeftOutReason = keyof typeof reasons

/** Entries of a folder or an archive that are not read; of a hidden folder only itself is counted. */
export interface LeftOut {
  readonly reason: LeftOutReason
  /** How many. */
  readonly entries: number
  /** Names of the first few; endings of what is no picture. */
  readonly examples: readonly string[]
}

const mostExamples = 3

/** Counts what is left out. */
export class LeftOutEntries {
  readonly #found = new Map<LeftOutReason, { entries: number; examples: Set<string> }>()

  /** @param example what to call it: by default not at all */
  add(reason: LeftOutReason, example?: string, entries = 1): void {
    const found = this.#found.get(reason) ?? { entries: 0, examples: new Set<string>() }
    this.#found.set(reason, found)
    found.entries += entries
    if (example !== undefined && found.examples.size < mostExamples) found.examples.add(example)
  }

  addAll(others: readonly LeftOut[]): void {
    for (const { reason, entries, examples } of others) {
      this.add(reason, undefined, entries)
      for (const example of examples) this.add(reason, example, 0)
    }
  }

  list(): LeftOut[] {
    return [...this.#found]
      .filter(([, { entries }]) => entries > 0)
      .map(([reason, { entries, examples }]) => ({ reason, entries, examples: [...examples] }))
  }
}

/** The lists of several sources as one. */
export function joinLeftOut(lists: readonly (readonly LeftOut[])[]): LeftOut[] {
  const all = new LeftOutEntries()
  for (const list of lists) all.addAll(list)
  return all.list()
}

/** One line that says how many entries were left out and why; nothing where none was. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined
  const total = leftOut.reduce((sum, { entries }) => sum + entries, 0)
  const parts = leftOut.map(({ reason, entries, examples }) => {
    const shown = examples.map(printable).join(', ')
    const [one, many = one] = reasons[reason] as readonly [string, string?]
    return `${entries} ${entries === 1 ? one : many}${shown === '' ? '' : ` (${shown}${entries > examples.length && reason !== 'not-a-picture' ? ', …' : ''})`}`
  })
  const endings = leftOut.flatMap(({ reason, examples }) => (reason === 'not-a-picture' ? examples : []))
  const hint = unreadHint(endings)
  return `left out ${total} ${total === 1 ? 'entry' : 'entries'}: ${parts.join('; ')}${hint === undefined ? '' : `; ${hint}`}`
}

/** Names may hold line breaks and commands to a terminal. */
function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
}
