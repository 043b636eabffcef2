import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isLeftover } from '../image-file.js'
import { unreadable } from './byte-source.js'
import { decodeName, escapedName } from './entry-name.js'
import { type LeftOut, LeftOutEntries, type LeftOutReason } from './left-out.js'

/** A file or a folder below the one that is walked. */
export interface Found {
  /** POSIX path below it, as on the disk. */
  readonly name: string
  /** Where it really lies. */
  readonly real: string
  /** Whether the name leads through a link. */
  readonly isLink: boolean
}

/** What lies in a folder and all folders in it. */
export interface Walked {
  readonly files: readonly Found[]
  readonly folders: readonly Found[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Finds the regular files of a folder, also behind links. What lies in it is walked first, then what its
 * links lead to. A link to a folder that holds the link is not followed; within what a link leads to, neither
 * is one to any folder that was seen before. So the walk ends, and takes at most one more round for each
 * link.
 *
 * @throws InputError when a folder cannot be read
 */
export async function walkFolder(root: string): Promise<Walked> {
  const walk = new Walk(root)
  await walk.all()
  return { files: walk.files, folders: walk.folders, leftOut: walk.leftOut.list() }
}

interface Link extends Found {
  /** Where the folder really lies that it is in. */
  readonly folder: string
  /** Whether it was come to before, by another way. */
  readonly isAgain: boolean
}

class Walk {
  readonly files: Found[] = []
  readonly folders: Found[] = []
  readonly leftOut = new LeftOutEntries()
  readonly #root: string
  /** Folders by where they really lie. */
  readonly #seen = new Set<string>()
  #links: Link[] = []

  constructor(root: string) {
    this.#root = root
  }

  async all(): Promise<void> {
    const real = await realpath(this.#root).catch((error: unknown) => {
      throw unreadable(this.#root, error)
    })
    await this.#folder({ name: '', real, isLink: false })
    while (this.#links.length > 0) {
      const links = this.#links.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      this.#links = []
      for (const link of links) await this.#link(link)
    }
  }

  /** Walks a folder with all folders in it, and notes links for later. */
  async #folder(from: Found): Promise<void> {
    const open = [from]
    for (let folder = open.pop(); folder; folder = open.pop()) {
      const isAgain = this.#seen.has(folder.real) // then what is left out of it is told already
      this.#seen.add(folder.real)
      for (const entry of await this.#entries(folder)) {
        const part = decodeName(entry.name)
        const below = (last: string): string => (folder.name === '' ? last : `${folder.name}/${last}`)
        if (part === undefined) {
          this.#tell('name', below(escapedName(entry.name)), isAgain)
          continue
        }
        const found = { name: below(part), real: join(folder.real, part), isLink: folder.isLink }
        if (isLeftover(part)) this.#tell('leftover', part, isAgain)
        else if (entry.isFile()) this.files.push(found)
        else if (entry.isSymbolicLink()) this.#links.push({ ...found, folder: folder.real, isAgain })
        else if (!entry.isDirectory()) this.#tell('special', found.name, isAgain)
        else {
          this.folders.push(found)
          open.push(found)
        }
      }
    }
  }

  async #entries({ name }: Found): Promise<Dirent<Buffer>[]> {
    const path = join(this.#root, name)
    try {
      return await readdir(path, { withFileTypes: true, encoding: 'buffer' })
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  async #link(link: Link): Promise<void> {
    const target = await this.#target(link)
    if (!target) return this.#tell('link-to-nothing', link.name, link.isAgain)
    const { real, found } = target
    const followed = { name: link.name, real, isLink: true }
    if (found.isFile()) this.files.push(followed)
    else if (!found.isDirectory()) this.#tell('special', link.name, link.isAgain)
    else if (holds(real, link.folder) || (link.isLink && this.#seen.has(real))) {
      this.#tell('link-back', link.name, link.isAgain)
    } else {
      this.folders.push(followed)
      await this.#folder(followed)
    }
  }

  #tell(reason: LeftOutReason, name: string, isAgain: boolean): void {
    if (!isAgain) this.leftOut.add(reason, name)
  }

  async #target({ name }: Found) {
    const path = join(this.#root, name)
    try {
      return { real: await realpath(path), found: await stat(path) }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return undefined
      throw unreadable(path, error)
    }
  }
}

/** Whether a folder is another or holds it, both by where they really lie. */
function holds(folder: string, other: string): boolean {
  return `${other}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}
