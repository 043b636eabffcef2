import fc from 'fast-check'

const scalar = fc.constantFrom('a', '1', '-0.5', 'null', '~', 'true', '"x"', "'y'", '2001-01-01', '0x10', '1e9', '.inf', '.nan', '!!str 1', '!!binary aGk=', '!!js/function "f"', '!!python/object:os.system x', '|\n  text', '__proto__', '') // prettier-ignore
const key = fc.constantFrom('train', 'val', 'test', 'exclude', 'way_num', 'shot_num', 'data', 'model', 'levels', 'query', 'train_superclasses', 'dataset', '__proto__', 'constructor', '<<', '? x') // prettier-ignore

/** YAML in braces and brackets, with anchors, aliases and tags. */
const flow = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.constantFrom('*a', '*b', '*c'),
    fc.array(tie('node'), { maxLength: 5 }).map((items) => `[${items.join(', ')}]`),
    fc.array(fc.tuple(key, tie('node')), { maxLength: 5 }).map((entries) => `{${entries.map(([name, value]) => `${name}: ${value}`).join(', ')}}`),
    fc.tuple(fc.constantFrom('&a ', '&b ', '&c ', '!!map ', '!!seq ', '!x '), tie('node')).map((parts) => parts.join('')),
  ),
})).node // prettier-ignore

/** Aliases of aliases: a few lines that stand for more values than there are atoms. */
const bomb = fc.tuple(key, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 })).map(([name, lines, width]) => {
  const rows = Array.from({ length: lines }, (_, line) => `- &a${line + 1} [${Array.from({ length: width }, () => `*a${line}`).join(', ')}]`)
  return `${name}:\n- &a0 [x, x]\n${rows.join('\n')}\n`
}) // prettier-ignore

/** YAML that looks like that of recipes, split files and lists, and is neither. */
export const yaml = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.tuple(key, flow), { maxLength: 6 }).map((entries) => entries.map(([name, value]) => `${name}: ${value}`).join('\n')) },
  { weight: 2, arbitrary: flow },
  { weight: 1, arbitrary: bomb },
) // prettier-ignore
