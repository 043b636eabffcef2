import { nearestName } from '@m2l/engine'
import type { z } from 'zod'
import { alternatives, describeSchema, jsonSchemaAt, type JsonSchema } from './json-schema.js'

/**
 * What is wrong with a value that a schema refused, in one line that names the key, what was read and what
 * was expected.
 *
 * @param path the keys under which the value lies, for example `['model', 'levels', 'part']`; none for a
 *   whole recipe
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  { schema, value, path = [] }: { schema: z.ZodType; value: unknown; path?: readonly string[] },
): string {
  const expected = jsonSchemaAt(schema, issue.path)
  const keys = [...path, ...issue.path].map(String)
  if (issue.code === 'unrecognized_keys') return describeUnknownKey(issue.keys[0]!, keys, expected)
  const found = valueAt(value, issue.path)
  const read = found === undefined ? 'is missing' : `is ${show(found)}`
  return `${keys.join('.')} ${read}, expected ${describeExpected(issue, expected)}${hint(found, expected)}`
}

/** The keys under which an issue lies, with the one that is unknown. */
export function keysOf(issue: z.core.$ZodIssue, path: readonly PropertyKey[] = []): PropertyKey[] {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  return [...path, ...issue.path, ...unknown]
}

function describeUnknownKey(unknown: string, path: readonly string[], { properties }: JsonSchema): string {
  const withPath = (key: string) => [...path, key].join('.')
  const known = Object.keys(properties ?? {})
  const near = nearestName(unknown, known)
  const advice =
    near === undefined ? `expected ${alternatives(known) || 'none'}` : `did you mean ${withPath(near)}?`
  return `${withPath(unknown)} is not an option; ${advice}`
}

function describeExpected(issue: z.core.$ZodIssue, schema: JsonSchema): string {
  if (issue.code === 'invalid_format' || issue.code === 'custom') return issue.message
  return describeSchema(schema) ?? issue.message
}

/** What was probably meant instead. */
function hint(found: unknown, { type, enum: ofOne, anyOf }: JsonSchema): string {
  const values = ofOne ?? anyOf?.flatMap((one) => one.enum ?? [])
  if (values?.length) {
    const near = nearestName(String(found), values.map(String))
    return near === undefined ? '' : `; did you mean ${near}?`
  }
  const lacksQuotes = type === 'string' && (typeof found === 'number' || typeof found === 'boolean')
  return lacksQuotes ? `, that is "${found}" in quotes` : ''
}

/** A value in one short line. */
function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined
    inner = (inner as Record<PropertyKey, unknown>)[key]
  }
  return inner
}
