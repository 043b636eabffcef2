/** Why a file is no picture that is read, as the end of a sentence that begins with its name. */
export interface Undecodable {
  readonly reason: string
  /** What to do, in the imperative; absent where only another file helps. */
  readonly remedy?: string
}

/** What is wrong with a file and what to do, to follow its name and a colon. */
export function whatToDo({ reason, remedy = 'replace or remove it' }: Undecodable): string {
  return `${reason}; ${remedy}`
}
