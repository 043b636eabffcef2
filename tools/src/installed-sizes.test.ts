import { expect, test } from 'vitest'
import { documentedSizes, sizeFinding, withSizes } from './installed-sizes.js'
import { workspacePackages } from './workspace.js'

const empty = 'before\n\n<!-- installed sizes: start -->\n\n<!-- installed sizes: end -->\n\nafter\n'
const sizes = new Map([
  ['@m2l/cli', 227],
  ['@m2l/engine', 68],
])

test('sizes are written into the text and read from it again', () => {
  const text = withSizes(empty, sizes)
  expect(text).toMatch(/^before\n\n<!-- .*\| `@m2l\/engine` \| {2}68 \|\n\n<!-- .* -->\n\nafter\n$/s)
  expect(documentedSizes(text)).toEqual(sizes)
  expect(withSizes(text, sizes)).toBe(text)
})

test.each([68, 74, 62])('%d MB are as documented where 68 are', (megabytes) => {
  expect(sizeFinding('@m2l/engine', megabytes, sizes)).toBeUndefined()
})

test.each([76, 60])('%d MB are told where 68 are documented', (megabytes) => {
  expect(sizeFinding('@m2l/engine', megabytes, sizes)).toMatch(
    `${megabytes} MB are installed, tools/README.md says 68 MB; type npm run release-check -- --write`,
  )
})

test('every package has its row', () => {
  const names = workspacePackages().map(({ manifest }) => manifest.name)
  expect([...documentedSizes().keys()].toSorted()).toEqual(names.toSorted())
  expect(sizeFinding('@m2l/unknown', 5)).toMatch(/says nothing of it/)
})
