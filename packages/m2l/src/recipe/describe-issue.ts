import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'

/** What is wrong with a recipe, in one line that names the key, what was read and what was expected. */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code === 'unrecognized_keys') {
    const [unknown] = issue.keys
    const known = keysAt(schema, issue.path)
    const path = (key: string) => [...issue.path, key].join('.')
    const near = closest(unknown!, known)
    const hint =
      distance(unknown!, near) <= Math.max(2, unknown!.length / 3)
        ? `did you mean ${path(near)}?`
        : `there are ${known.map(path).join(', ')}`
    return `${path(unknown!)} is not an option; ${hint}`
  }
  return `${issue.path.join('.')}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`
}

/** The keys that the schema knows below a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let inner = unwrap(schema)
  for (const key of path) inner = unwrap((inner as z.ZodObject).shape[String(key)])
  return Object.keys((inner as z.ZodObject).shape)
}

function unwrap(schema: unknown): z.ZodType {
  let inner = schema as z.ZodType
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}
