import { YAMLException } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { loadYaml } from './index.js'

/** Lists of `width` aliases of the list before, in so many lines. */
function bomb(lines: number, width: number): string {
  const aliases = (line: number) => Array.from({ length: width }, () => `*a${line}`).join(', ')
  const rows = Array.from({ length: lines }, (_, line) => `- &a${line + 1} [${aliases(line)}]`)
  return ['- &a0 [lol, lol]', ...rows].join('\n')
}

describe('YAML', () => {
  test('is plain data, with aliases', () => {
    expect(loadYaml('base: &b {x: 1}\nmore: {y: [*b, null, true, 0.5, "text"]}')).toEqual({
      base: { x: 1 },
      more: { y: [{ x: 1 }, null, true, 0.5, 'text'] },
    })
  })

  test.each([
    '!!js/function "function () { globalThis.attacked = true }"',
    '!!js/regexp /x/',
    '!!js/undefined ""',
    '!!python/object/apply:os.system ["true"]',
    '!!python/name:os.system',
    '!ruby/object:Gem::Installer {}',
    '!<tag:yaml.org,2002:js/function> "x"',
    '!!binary aGVsbG8=',
    '!own x',
  ])('%s makes nothing', (node) => {
    expect(() => loadYaml(`key: ${node}`)).toThrow(YAMLException)
    expect('attacked' in globalThis).toBe(false)
  })

  test('a key that means something to JavaScript is a key like any other', () => {
    const value = loadYaml('__proto__: {polluted: true}\nconstructor: 1') as object
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect('polluted' in {}).toBe(false)
  })

  test('aliases of aliases that stand for 9^20 values take no memory, and do not run for ever', () => {
    const before = process.memoryUsage().rss
    expect(() => loadYaml(bomb(20, 9))).toThrow('its aliases unfold to more than 1000000 values')
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28)
  })

  test('a value that holds itself, or is nested through aliases, is refused', () => {
    expect(() => loadYaml('a: &a [*a]')).toThrow('its aliases nest more than 100 lists or maps')
    expect(() => loadYaml(bomb(200, 1))).toThrow('its aliases nest more than 100 lists or maps')
    expect(() => loadYaml('['.repeat(1e5) + ']'.repeat(1e5))).toThrow('nesting exceeded maxDepth')
  })
})
