import { InputError, type RandomKey } from '@m2l/engine'
import type { Backbone } from '@m2l/nn'
import type { BackboneDefinition, BackboneEnvironment } from './definition.js'
import { ownBackbones } from './own-backbones.js'

/** The backbones that recipes can name. */
export class BackboneRegistry {
  readonly #definitions = new Map<string, BackboneDefinition>()

  constructor(definitions: readonly BackboneDefinition[] = ownBackbones) {
    for (const definition of definitions) this.register(definition)
  }

  /** The registered names, in order of registration. */
  get names(): readonly string[] {
    return [...this.#definitions.keys()]
  }

  /**
   * Adds a backbone.
   *
   * @throws {InputError} when another backbone has its name.
   */
  register(definition: BackboneDefinition): void {
    if (this.#definitions.has(definition.name)) {
      throw new InputError(`two backbones are named ${definition.name}; rename one`)
    }
    this.#definitions.set(definition.name, definition)
  }

  /** The definition of a backbone; nothing where there is none of this name. */
  find(name: string): BackboneDefinition | undefined {
    return this.#definitions.get(name)
  }

  /**
   * The same.
   *
   * @throws {InputError} when there is none of this name.
   */
  get(name: string): BackboneDefinition {
    const definition = this.find(name)
    if (definition) return definition
    throw new InputError(`${JSON.stringify(name)} is not a backbone; choose one of ${this.names.join(', ')}`)
  }

  /**
   * A new backbone, from options that its schema checks.
   *
   * @throws {InputError} when there is no such backbone or an option is wrong.
   */
  create(name: string, options: unknown, environment: BackboneEnvironment): Backbone {
    const definition = this.get(name)
    const parsed = definition.options.strict().safeParse(options)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new InputError(`backbone ${[name, ...issue!.path].join('.')}: ${issue!.message}`)
    }
    return definition.create(parsed.data, environment)
  }
}

const registry = new BackboneRegistry()

/** The names that `createBackbone` knows. */
export const backboneNames = registry.names

/**
 * A new backbone of this package.
 *
 * @param key from which the weights are drawn
 * @throws {InputError} when no backbone has the name, or an option is wrong
 */
export function createBackbone(name: string, key: RandomKey, options: unknown = {}): Backbone {
  return registry.create(name, options, { key })
}
