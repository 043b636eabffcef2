/**
 * A number of things, as messages say it: `1 class`, `2 classes`.
 *
 * @param many the plural, where it is not made with -s or -es
 */
export function count(
  number: number,
  one: string,
  many = /(?:s|x|sh|[nrt]ch)$/.test(one) ? `${one}es` : `${one}s`,
): string {
  return `${number} ${number === 1 ? one : many}`
}
