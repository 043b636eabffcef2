import { readFile } from 'node:fs/promises'
import fastGlob from 'fast-glob'
import { expect, it } from 'vitest'
import { workspaceRoot } from './workspace.js'

const widest = 110

/** Prettier leaves comments as they are. */
it(`comments fit into ${widest} columns`, async () => {
  const files = await fastGlob('{packages,examples,tools}/**/src/**/*.{ts,js}', {
    cwd: workspaceRoot,
    absolute: true,
  })
  const wide = await Promise.all(
    files.map(async (file) => {
      const lines = (await readFile(file, 'utf8')).split('\n')
      return lines.flatMap((line, index) =>
        /^\s*(\/\*+|\*|\/\/) /.test(line) && line.length > widest ? [`${file}:${index + 1}`] : [],
      )
    }),
  )
  expect(files.length).toBeGreaterThan(500)
  expect(wide.flat()).toEqual([])
})
