/** Settings by the recipe key that they have, `data.image_size` for example; values are those of JSON. */
export type Settings = Readonly<Record<string, unknown>>

/** A setting that two sides state differently. */
export interface SettingDifference {
  /** Its key in a recipe. */
  readonly setting: string
  /** What was stored with weights or a run; null where it has none. */
  readonly stored: unknown
  /** What the recipe, or the data at hand, says; null where it has none. */
  readonly asked: unknown
}

/** The settings that differ, in the order of those stored; what only one side has is null on the other. */
export function settingDifferences(stored: Settings, asked: Settings): SettingDifference[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(asked)])
  return [...names].flatMap((setting) => {
    const [before, now] = [stored[setting] ?? null, asked[setting] ?? null]
    return canonical(before) === canonical(now) ? [] : [{ setting, stored: before, asked: now }]
  })
}

/** `data.image_size 84 (recipe: 32), model.fusion released (recipe: consistent)`. */
export function describeDifferences(differences: readonly SettingDifference[], asker = 'recipe'): string {
  return differences
    .map(({ setting, stored, asked }) => `${setting} ${shown(stored)} (${asker}: ${shown(asked)})`)
    .join(', ')
}

/** Nested settings under keys with dots; lists and values stay as they are. */
export function flattened(values: object, above = ''): Settings {
  const entries = Object.entries(values).flatMap(([key, value]): [string, unknown][] => {
    const path = `${above}${key}`
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isNested) return Object.entries(flattened(value as object, `${path}.`))
    return value === undefined ? [] : [[path, value]]
  })
  return Object.fromEntries(entries)
}

/** A text of a file in one line of bearable length: what is in it could be long, or move the cursor. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, '?')
  return line.length <= longest ? line : `${line.slice(0, longest)}…`
}

const longest = 1500

/** Hashes are told by their beginning. */
function shown(value: unknown): string {
  if (value === null) return 'none'
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^[\da-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : value
}

/** The same text for the same value, however its keys are ordered. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
