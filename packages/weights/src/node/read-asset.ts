import { readFile } from 'node:fs/promises'
import type { readAsset as portable } from '../read-asset.js'

/** The bytes at an address of this package, a file. */
export const readAsset: typeof portable = (address) => readFile(address)
