/**
 * The bytes at an address of this package, where there are no files: fetched.
 *
 * @throws {Error} when they cannot be fetched
 */
export async function readAsset(address: URL): Promise<Uint8Array> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
