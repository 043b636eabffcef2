/**
 * Where a picture lies: its folders from the root on, and how many of them lie above the path that was given.
 */
export interface Place {
  readonly folders: readonly string[]
  /** Folders above the one that was given; a class is named by that or by one in it. */
  readonly above: number
}

/** The class that folders name. */
export interface NamedClass {
  readonly label: string
  /** The folder that the class's own lies in. */
  readonly parent: string
  /** Whether the picture lies in the class's folder itself, not in one below it. */
  readonly isDirect: boolean
}

/**
 * The class that a place names: the nearest folder above the picture that is called as a class is, whole. A
 * class that is called by a path, as `birds/owl`, is named by folders that follow each other so.
 */
export function classOfPlace({ folders, above }: Place, labels: ReadonlySet<string>): NamedClass | undefined {
  for (let end = folders.length; end > above; end--) {
    for (let start = 0; start < end; start++) {
      const label = folders.slice(start, end).join('/')
      if (!labels.has(label)) continue
      return { label, parent: pathOf(folders.slice(0, start)), isDirect: end === folders.length }
    }
  }
  return undefined
}

/** Whether a place is in a folder of one of some folders. */
export function liesBelow({ folders }: Place, parents: ReadonlySet<string>): boolean {
  return folders.some((_, end) => parents.has(pathOf(folders.slice(0, end))))
}

function pathOf(folders: readonly string[]): string {
  return folders.join('/')
}
