import { InputError } from '@m2l/engine'
import type { LevelDefinition, LevelEnvironment, MetricLevel } from './level.js'

/** The levels that recipes can name. */
export class LevelRegistry {
  readonly #definitions = new Map<string, LevelDefinition>()

  constructor(definitions: readonly LevelDefinition[] = []) {
    for (const definition of definitions) this.register(definition)
  }

  /** The registered names, in order of registration. */
  get names(): readonly string[] {
    return [...this.#definitions.keys()]
  }

  /**
   * Adds a level.
   *
   * @throws {InputError} when another level has its name.
   */
  register(definition: LevelDefinition): void {
    if (this.#definitions.has(definition.name)) {
      throw new InputError(`two levels are named ${definition.name}; rename one`)
    }
    this.#definitions.set(definition.name, definition)
  }

  /**
   * The definition of a level.
   *
   * @throws {InputError} when there is none of this name.
   */
  get(name: string): LevelDefinition {
    const definition = this.#definitions.get(name)
    if (!definition) throw new InputError(`there is no level ${name}; there are ${this.names.join(', ')}`)
    return definition
  }

  /**
   * Creates a level from the options of a recipe, which its schema checks.
   *
   * @throws {InputError} when there is no such level or an option is wrong.
   */
  create(name: string, options: unknown, environment: LevelEnvironment): MetricLevel {
    const definition = this.get(name)
    const parsed = definition.options.strict().safeParse(options)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new InputError(`level ${[name, ...issue!.path].join('.')}: ${issue!.message}`)
    }
    return definition.create(parsed.data, environment)
  }
}
