import { load, YAMLException } from 'js-yaml'

/** Far more than any recipe, split file or list has. */
const mostValues = 1_000_000

/** What js-yaml allows of brackets in brackets, here also through aliases. */
const deepest = 100

/**
 * Reads a YAML document as plain data: lists, maps, texts, numbers, truth values. No tag makes anything else.
 *
 * A few lines of aliases of aliases can stand for more values than fit into any memory, or for a value that
 * holds itself. Such a document is refused before anything walks through it.
 *
 * @throws {YAMLException} when it is malformed, nested too deeply, or unfolds to more than a million values
 */
export function loadYaml(text: string): unknown {
  const value = load(text)
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }]
  for (let seen = 1; open.length > 0;) {
    const { value: outer, depth } = open.pop()!
    if (typeof outer !== 'object' || outer === null) continue
    if (depth === deepest) throw new YAMLException(`its aliases nest more than ${deepest} lists or maps`)
    for (const inner of Object.values(outer)) open.push({ value: inner, depth: depth + 1 })
    seen += Object.keys(outer).length
    if (seen > mostValues) throw new YAMLException(`its aliases unfold to more than ${mostValues} values`)
  }
  return value
}
