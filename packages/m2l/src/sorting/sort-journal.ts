import { open, type FileHandle } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { z } from 'zod'

const path = z.string().min(1)

const headSchema = z.strictObject({
  format: z.literal('m2l-sort-1'),
  how: z.enum(['move', 'link']),
  into: path,
})

const lineSchema = z.union([
  /** A folder that is about to be made. */
  z.strictObject({ folder: path }),
  /** A picture that is about to be moved or linked to; of a link where it led, as it was written. */
  z.strictObject({ from: path, to: path, link: z.string().optional() }),
  /** The line before did not come about. */
  z.strictObject({ not: path }),
])

export type SortHead = z.output<typeof headSchema>
export type SortLine = z.output<typeof lineSchema>

/** What is written before each step of sorting, a line of JSON each, so that every step can be undone. */
export class SortJournal {
  readonly file: string
  readonly #handle: FileHandle

  private constructor(file: string, handle: FileHandle) {
    this.file = file
    this.#handle = handle
  }

  /** @throws the system's error when it cannot be written, or is there already */
  static async create(file: string, head: SortHead): Promise<SortJournal> {
    const journal = new SortJournal(file, await open(file, 'wx'))
    await journal.#write(head)
    return journal
  }

  /** Writes a line that lasts whatever happens next. */
  async write(line: SortLine): Promise<void> {
    await this.#write(line)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #write(line: SortHead | SortLine): Promise<void> {
    await this.#handle.appendFile(`${JSON.stringify(line)}\n`)
    await this.#handle.datasync()
  }
}

/**
 * Reads what was written before the steps of sorting. The last line may be cut off: its step was not begun.
 *
 * @throws {InputError} when it cannot be read, or is something else
 */
export async function readJournal(file: string): Promise<{ head: SortHead; lines: SortLine[] }> {
  let text: string
  try {
    text = (await readRegularFile(file)).toString('utf8')
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); name an undo file that m2l classify left`,
    )
  }
  const whole = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
  const values = whole.map(parsedOrNone)
  const head = headSchema.safeParse(values[0])
  const lines = z.array(lineSchema).safeParse(values.slice(1))
  if (head.success && lines.success) return { head: head.data, lines: lines.data }
  throw new InputError(
    `${file}: is no undo file of m2l classify, or damaged; name one that --move-to or --link-to left`,
  )
}

function parsedOrNone(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
