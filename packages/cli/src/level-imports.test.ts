import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { m2l, temporaryFolder } from './m2l-process.test.helper.js'

test('a level that cannot be parsed is named with file and line, also where another imports it', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'bad.mjs'), 'const a = 1\nexport default {\n  b: ,\n}\n')
  await writeFile(join(folder, 'level.mjs'), "import './bad.mjs'\nexport default 1\n")
  await writeFile(join(folder, 'r.yaml'), 'model: { imports: [./level.mjs] }\ndata: { dataset: emoji }\n')
  const { exitCode, stdout, stderr } = await m2l(folder, 'train', '--cfg', 'r.yaml', '--quiet')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(
    /^m2l: .*r\.yaml: model\.imports: \.\/level\.mjs cannot be imported: syntax error: Unexpected token ',' \(.*bad\.mjs line 3\)\n$/,
  )
})
