import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const deepest = 4
const most = 500
const passedOver = new Set(['node_modules', 'dist', 'runs'])

/** YAML files in a folder and the folders in it, by their paths from there; those nearest come first. */
export async function recipeFiles(root: string): Promise<string[]> {
  const found: string[] = []
  let folders = ['']
  for (let depth = 0; depth < deepest && found.length < most; depth++) {
    const inner: string[] = []
    for (const folder of folders) {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        if (entry.name.startsWith('.') || passedOver.has(entry.name)) continue
        const path = join(folder, entry.name)
        if (entry.isDirectory()) inner.push(path)
        else if (/\.ya?ml$/i.test(entry.name)) found.push(path)
      }
    }
    folders = inner
  }
  return found.slice(0, most)
}
