import { createHash } from 'node:crypto'

/** Bytes of a name in UTF-8 that file systems take, with room for a suffix. */
const longest = 200

/** Names of devices that no file on Windows may have, whatever its ending. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * A folder's name for each label, that every usual file system takes and no other label has, also where
 * letters of both cases are the same.
 */
export function folderNames(labels: Iterable<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const label of labels) {
    if (names.has(label)) continue
    const name = legalName(label)
    let free = name
    for (let number = 2; taken.has(foldedName(free)); number++) free = `${name} (${number})`
    taken.add(foldedName(free))
    names.set(label, free)
  }
  return names
}

/** A name as file systems compare it that take letters of both cases for the same. */
export function foldedName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function legalName(label: string): string {
  const legal = label
    .replaceAll(/[/\\:*?"<>|\p{Cc}]/gu, '_')
    .replace(/[. ]+$/, (end) => '_'.repeat(end.length))
    .replace(/^\./, '_')
  const name = reserved.test(legal) ? `_${legal}` : legal
  if (Buffer.byteLength(name) <= longest) return name
  const hash = createHash('sha256').update(label).digest('hex').slice(0, 8)
  let short = ''
  for (const letter of name) {
    if (Buffer.byteLength(short + letter) > longest - hash.length - 1) break
    short += letter
  }
  return `${short}-${hash}`
}
