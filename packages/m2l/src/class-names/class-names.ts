/** The names by which people know some classes, by the classes' own labels. */
export type DisplayNames = Readonly<Record<string, string>>

/** Says of classes what people call them. Labels stay what classes are told apart by. */
export class ClassNames {
  readonly #names: ReadonlyMap<string, string>
  readonly #taken = new Map<string, number>()

  /** @param labels of all classes, with a name or without */
  constructor(names: DisplayNames, labels: Iterable<string>) {
    this.#names = new Map(Object.entries(names))
    for (const label of new Set(labels)) {
      const name = this.#names.get(label) ?? label
      this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1)
    }
  }

  /**
   * What a class is called: its name, with its label where another class is called the same; its label where
   * it has none.
   */
  of = (label: string): string => {
    const name = this.#names.get(label)
    if (name === undefined || name === label) return label
    return this.#taken.get(name)! > 1 ? `${name} (${label})` : name
  }
}
