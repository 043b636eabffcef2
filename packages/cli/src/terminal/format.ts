/** A fraction of 1 as a percentage with two decimals, without the sign. */
export function percent(fraction: number): string {
  return (100 * fraction).toFixed(2)
}

/** A size for people: `0.3 MiB`, `49.8 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** A duration for people: `7.3 s`, `2 min 05 s`, `3 h 12 min`. */
export function seconds(duration: number): string {
  if (!Number.isFinite(duration)) return 'unknown'
  if (duration < 60) return `${duration.toFixed(1)} s`
  const whole = Math.round(duration)
  const pad = (value: number) => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`
}

/** A text of a file, in one line: names there could be long, or move the cursor. */
export function printable(text: string, most = 100): string {
  return text.slice(0, most).replaceAll(/\p{Cc}/gu, '?')
}

/** A number of things: `1 class`, `2 classes`; as the engine has it, which is not loaded to say so. */
export function count(
  number: number,
  one: string,
  many = /(?:s|x|sh|[nrt]ch)$/.test(one) ? `${one}es` : `${one}s`,
): string {
  return `${number} ${number === 1 ? one : many}`
}

/** What guessing gives, of a fraction of 1: `guessing gives 6.3 %`. */
export function guessing(chance: number): string {
  return `guessing gives ${(100 * chance).toFixed(1)} %`
}
