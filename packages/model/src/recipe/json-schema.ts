import { z } from 'zod'

/** The part of JSON Schema that recipes and the options of levels come to. */
export interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly items?: JsonSchema | false
  readonly prefixItems?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | false
}

/** What a schema says of the value under a path; nothing where it says nothing. */
export function jsonSchemaAt(schema: z.ZodType, path: readonly PropertyKey[]): JsonSchema {
  let inner = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  for (const key of path) {
    const { properties = {}, additionalProperties, items, prefixItems } = withKey(inner, key)
    const next =
      typeof key === 'number'
        ? (prefixItems?.[key] ?? items)
        : Object.hasOwn(properties, key)
          ? properties[String(key)]
          : additionalProperties
    inner = next || {}
  }
  return inner
}

/** Of several schemas for a value the one that knows a key of it; the schema itself where there are none. */
function withKey(schema: JsonSchema, key: PropertyKey): JsonSchema {
  return schema.anyOf?.find(({ properties }) => properties && Object.hasOwn(properties, key)) ?? schema
}

/**
 * What a schema accepts, in words, for example "a whole number of at least 1"; nothing where it accepts
 * anything.
 */
export function describeSchema(schema: JsonSchema): string | undefined {
  if (schema.enum) return alternatives(schema.enum.map(String))
  if (schema.const !== undefined) return String(schema.const)
  if (schema.anyOf) return alternatives(schema.anyOf.map((one) => describeSchema(one) ?? 'another value'))
  switch (schema.type) {
    case 'integer':
      return `a whole number${bounds(schema)}`
    case 'number':
      return `a number${bounds(schema)}`
    case 'string':
      return 'text'
    case 'boolean':
      return 'true or false'
    case 'array':
      return describeList(schema)
    case 'object':
      return describeKeys(schema)
    default:
      return undefined
  }
}

/** Names as "a, b or c". */
export function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`
  const limits = [
    ...(from === undefined ? [] : [`of at least ${from}`]),
    ...(to === undefined ? [] : [`of at most ${to}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
  ]
  return limits.length === 0 ? '' : ` ${limits.join(' and ')}`
}

function describeList({ prefixItems, items }: JsonSchema): string {
  if (prefixItems) return `a list [${prefixItems.map((item) => describeSchema(item)).join(', ')}]`
  return `a list such as ${items && items.type === 'string' ? '[./first.js, ./second.js]' : '[10, 20]'}`
}

function describeKeys({ properties }: JsonSchema): string {
  return properties ? `a section with keys such as ${Object.keys(properties)[0]}` : 'a section with keys'
}
