/** The same values as `<prefix>.<name>`. */
export function prefixed<Value>(
  prefix: string,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]))
}

/** The values `<prefix>.<name>`, as `<name>`. */
export function within<Value>(
  prefix: string,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const start = `${prefix}.`
  const chosen = Object.entries(values).filter(([name]) => name.startsWith(start))
  return Object.fromEntries(chosen.map(([name, value]) => [name.slice(start.length), value]))
}
