import { tf } from '../tensorflow.js'
import type { NamedTensors } from './named-tensors.js'

/**
 * Tensors in lists and plain objects, and beside them plain values: texts, numbers, booleans, null. A field
 * that is undefined counts as absent. An episode is such a tree, or an embedding.
 */
export type TensorTree = object

/** A tree taken apart. */
export interface FlatTree<Tree extends TensorTree> {
  /** The tensors by their paths, such as `support.map` or `episodes.0.labels`. */
  readonly tensors: NamedTensors
  /** All of the tree but its tensors, as JSON: two trees of one layout differ in their tensors alone. */
  readonly layout: string
  /** The same tree with other tensors in the places of its own. */
  rebuild(tensors: NamedTensors): Tree
}

/**
 * Takes a tree apart, so that whoever knows of named tensors alone can keep or replace them.
 *
 * @throws {TypeError} when it holds anything else, such as a function, or a name with a dot beside the path
 *   that it spells
 */
export function flattenTree<Tree extends TensorTree>(tree: Tree): FlatTree<Tree> {
  const tensors: Record<string, tf.Tensor> = {}
  const skeleton = skeletonOf(tree, [], tensors)
  return {
    tensors,
    layout: JSON.stringify(skeleton),
    rebuild: (others) => rebuilt(skeleton, others) as Tree,
  }
}

/** A tree of which only the places of tensors are left; `plain` values are in lists of one. */
type Skeleton =
  | { readonly tensor: string }
  | { readonly plain: string | number | boolean | null }
  | { readonly list: readonly Skeleton[] }
  | { readonly fields: readonly (readonly [name: string, value: Skeleton])[] }

function skeletonOf(value: unknown, path: readonly string[], tensors: Record<string, tf.Tensor>): Skeleton {
  if (value instanceof tf.Tensor) {
    const name = path.join('.')
    if (Object.hasOwn(tensors, name)) throw new TypeError(`two tensors lie at ${name}; rename a field`)
    tensors[name] = value
    return { tensor: name }
  }
  if (Array.isArray(value)) {
    const items = value as readonly unknown[]
    return { list: items.map((item, index) => skeletonOf(item, [...path, String(index)], tensors)) }
  }
  if (isPlainObject(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    return {
      fields: fields.map(([name, field]) => [name, skeletonOf(field, [...path, name], tensors)] as const),
    }
  }
  if (isPlain(value)) return { plain: value }
  throw new TypeError(
    `${path.join('.') || 'the tree'} is ${describe(value)}; a tree holds tensors, lists, plain objects, texts, numbers, booleans and null`,
  )
}

function rebuilt(skeleton: Skeleton, tensors: NamedTensors): unknown {
  if ('tensor' in skeleton) return tensors[skeleton.tensor]
  if ('plain' in skeleton) return skeleton.plain
  if ('list' in skeleton) return skeleton.list.map((item) => rebuilt(item, tensors))
  return Object.fromEntries(skeleton.fields.map(([name, field]) => [name, rebuilt(field, tensors)]))
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Numbers that JSON has no words for would share a layout with null. */
function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'object' ? `a ${value!.constructor.name}` : `of type ${typeof value}`
}
