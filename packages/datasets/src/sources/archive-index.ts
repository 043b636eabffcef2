import { posix } from 'node:path'
import { InputError } from '@m2l/engine'
import { isLeftover } from '../image-file.js'
import type { RealFile } from './file-tree.js'
import { type LeftOut, LeftOutEntries, type LeftOutReason } from './left-out.js'

/** The members of an archive by their checked names. */
export class ArchiveIndex<Member> {
  readonly folders: string[] = []
  readonly #archive: string
  readonly #members = new Map<string, Member>()
  /** What links lead to, by their names. */
  readonly #links = new Map<string, string>()
  readonly #written = new Map<string, string>()
  readonly #leftOut = new LeftOutEntries()

  constructor(archive: string) {
    this.#archive = archive
  }

  /**
   * Takes in an entry under the name that the archive gives it; a trailing slash marks a folder.
   *
   * @param later whether it replaces an entry of the same name
   * @throws InputError when the name leads out of the archive, or is there already.
   */
  add(entry: string, member: Member, { later = false } = {}): void {
    const name = this.#named(entry)
    if (name === undefined) return
    if (entry.endsWith('/')) {
      this.folders.push(name)
      return
    }
    this.#makeRoom(name, later)
    this.#members.set(name, member)
  }

  /**
   * Takes in a link under the name that the archive gives it. Once all entries are there, it stands for the
   * file that it leads to, or is left out where the archive holds none such.
   *
   * @param target from the top of the archive for a hard link, else from the link's folder
   */
  addLink(entry: string, target: string, { hard, later = false }: { hard: boolean; later?: boolean }): void {
    const name = this.#named(entry)
    if (name === undefined) return
    this.#makeRoom(name, later)
    const path = posix.normalize(hard ? target : posix.join(posix.dirname(name), target)).normalize('NFC')
    this.#links.set(name, target.startsWith('/') && !hard ? '' : path)
  }

  /** Tells of an entry that is not taken in, unless an operating system has left it behind. */
  leaveOut(reason: LeftOutReason, entry: string): void {
    const name = partsOf(entry).join('/')
    if (isLeftover(name)) this.#leftOut.add('leftover', posix.basename(name))
    else this.#leftOut.add(reason, name)
  }

  /** Names of all files and of links to them, in code-unit order. */
  files(): string[] {
    const links = [...this.#links.keys()].filter((name) => {
      if (this.#target(name) !== undefined) return true
      this.#leftOut.add('link-to-nothing', name)
      this.#links.delete(name)
      return false
    })
    return [...this.#members.keys(), ...links].toSorted()
  }

  /** What is behind a name of {@link files}. */
  member(name: string): Member {
    return this.#members.get(this.#target(name)!)!
  }

  /** Which name a file has by itself; nothing where the archive has no links. */
  get realFile(): ((name: string) => RealFile) | undefined {
    if (this.#links.size === 0) return undefined
    return (name) => ({ identity: this.#target(name)!, isLink: this.#links.has(name) })
  }

  /** What is told of, once {@link files} were asked for. */
  get leftOut(): LeftOut[] {
    return this.#leftOut.list()
  }

  /** The checked name of an entry; nothing where it is left out. */
  #named(entry: string): string | undefined {
    const name = this.#checked(entry)
    if (name === '') return undefined
    if (isLeftover(name)) {
      this.#leftOut.add('leftover', posix.basename(name))
      return undefined
    }
    return name
  }

  #makeRoom(name: string, later: boolean): void {
    if (!this.#members.has(name) && !this.#links.has(name)) return
    if (!later) throw new InputError(`${this.#archive}: holds "${name}" twice; pack it again`)
    this.#members.delete(name)
    this.#links.delete(name)
    this.#leftOut.add('replaced', name)
  }

  /** The member that a name stands for, through any number of links. */
  #target(name: string): string | undefined {
    let target: string | undefined = name
    for (let hops = 0; hops < mostHops && target !== undefined; hops++) {
      if (this.#members.has(target)) return target
      target = this.#links.get(target)
    }
    return undefined
  }

  /** @throws InputError when the name leads out of the archive, or is another in another Unicode form */
  #checked(entry: string): string {
    const written = partsOf(entry)
    if (entry.startsWith('/') || /^[a-z]:/i.test(entry) || entry.includes('\0') || written.includes('..')) {
      throw new InputError(
        `${this.#archive}: entry ${JSON.stringify(entry)} leads out of the archive or is no portable name; do not use this file`,
      )
    }
    const name = written.join('/')
    const composed = name.normalize('NFC')
    if (composed === name && !isSpecial(name)) return name
    this.#requireOneForm(written)
    return composed
  }

  /** Two folders or files must not become one by being composed. */
  #requireOneForm(parts: readonly string[]): void {
    for (let end = 1; end <= parts.length; end++) {
      const written = parts.slice(0, end).join('/')
      const composed = written.normalize('NFC')
      const other = this.#written.get(composed) ?? written
      if (other !== written) {
        throw new InputError(
          `${this.#archive}: holds "${composed}" in different Unicode forms; pack it again with one of them`,
        )
      }
      this.#written.set(composed, written)
    }
  }
}

/** The parts of a path that lead somewhere. */
function partsOf(entry: string): string[] {
  return entry.split('/').filter((part) => part !== '' && part !== '.')
}

/** As many as Linux follows. */
const mostHops = 40

/** Whether a name may have other forms in Unicode. */
function isSpecial(name: string): boolean {
  return /[^\p{ASCII}]/u.test(name)
}
