/** Below so many bytes an archive may be packed as tightly as it likes. */
const harmless = 1 << 26

/** Pictures hardly get smaller in an archive, tables and pickles of labels ten or thirty times. */
const tightest = 100

/**
 * Whether content unpacks to far more than honest content does: to more than 64 MiB and a hundred times what
 * it takes packed.
 */
export function isBomb(packedBytes: number, unpackedBytes: number): boolean {
  return unpackedBytes > harmless && unpackedBytes > tightest * packedBytes
}
