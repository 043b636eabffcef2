import { InputError } from '@m2l/engine'
import { isLeftover } from '../image-file.js'

/** The members of an archive by their checked names. */
export class ArchiveIndex<Member> {
  readonly members = new Map<string, Member>()
  readonly folders: string[] = []
  readonly #archive: string

  constructor(archive: string) {
    this.#archive = archive
  }

  /**
   * Takes in an entry under the name that the archive gives it; a trailing slash marks a folder.
   *
   * @throws InputError when the name leads out of the archive, or is there already.
   */
  add(entry: string, member: Member): void {
    const name = this.#checked(entry)
    if (name === '' || isLeftover(name)) return
    if (entry.endsWith('/')) {
      this.folders.push(name)
    } else {
      if (this.members.has(name))
        throw new InputError(`${this.#archive}: holds "${name}" twice; pack it again`)
      this.members.set(name, member)
    }
  }

  /**
   * Does not take in a link, whatever it points to.
   *
   * @throws InputError unless an operating system has left it behind
   */
  refuseLink(entry: string): void {
    const name = this.#checked(entry)
    if (isLeftover(name)) return
    throw new InputError(
      `${this.#archive}: "${name}" is a link; pack the archive again with the files themselves`,
    )
  }

  /** Names of all files, in code-unit order. */
  files(): string[] {
    return [...this.members.keys()].toSorted()
  }

  #checked(entry: string): string {
    const parts = entry.normalize('NFC').split('/')
    if (entry.startsWith('/') || /^[a-z]:/i.test(entry) || /[\\\0\n\r]/.test(entry) || parts.includes('..')) {
      throw new InputError(
        `${this.#archive}: entry ${JSON.stringify(entry)} leads out of the archive or is no portable name; do not use this file`,
      )
    }
    return parts.filter((part) => part !== '' && part !== '.').join('/')
  }
}
