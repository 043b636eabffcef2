/** Numbers that are joined into sets: the union-find structure of Galler and Fischer (1964). */
export class JoinedSets {
  readonly #parents: Uint32Array

  /** @param count numbers 0 to `count - 1`, each at first in a set of its own */
  constructor(count: number) {
    this.#parents = Uint32Array.from({ length: count }, (_, index) => index)
  }

  /** The number that stands for the set of `member`: the smallest in it. */
  setOf(member: number): number {
    let root = member
    while (this.#parents[root] !== root) root = this.#parents[root]!
    for (let at = member; at !== root;) {
      const next = this.#parents[at]!
      this.#parents[at] = root
      at = next
    }
    return root
  }

  join(a: number, b: number): void {
    const [first, second] = [this.setOf(a), this.setOf(b)]
    this.#parents[Math.max(first, second)] = Math.min(first, second)
  }
}
