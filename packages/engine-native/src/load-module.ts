import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { compileFunction } from 'node:vm'

/**
 * Loads a CommonJS module together with the files that it requires by relative paths.
 *
 * @param file absolute path of the module.
 * @param given what these files get for some names, instead of what they would find. Other names are looked
 *   up as usual.
 */
export function loadModule(file: string, given: Readonly<Record<string, unknown>>): unknown {
  const modules = new Map<string, { exports: unknown }>()

  const load = (path: string): unknown => {
    const known = modules.get(path)
    if (known) return known.exports
    const text = readFileSync(path, 'utf8')
    const module = { exports: path.endsWith('.json') ? (JSON.parse(text) as unknown) : {} }
    modules.set(path, module)
    if (path.endsWith('.json')) return module.exports
    const names = ['exports', 'require', 'module', '__filename', '__dirname']
    const run = compileFunction(text, names, { filename: path })
    run.call(module.exports, module.exports, requireFrom(path), module, path, dirname(path))
    return module.exports
  }

  const requireFrom = (path: string): ((name: string) => unknown) => {
    const usual = createRequire(path)
    return (name) => {
      if (Object.hasOwn(given, name)) return given[name]
      return name.startsWith('.') ? load(usual.resolve(name)) : usual(name)
    }
  }

  return load(file)
}
