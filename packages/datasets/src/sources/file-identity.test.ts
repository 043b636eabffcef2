import { link, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileIdentity } from '../index.js'
import { folderOf, messageOf } from '../make-files.test.helper.js'

test('all names of a real file have one identity, and copies have others', async () => {
  const root = await folderOf({ 'a/1.png': 'x', 'a/2.png': 'x' })
  const file = join(root, 'a/1.png')
  await symlink('a', join(root, 'b'))
  await symlink('a/1.png', join(root, 'link.png'))
  await link(file, join(root, 'hard.png'))
  const names = [
    file,
    join(root, 'b/1.png'),
    join(root, 'link.png'),
    join(root, 'hard.png'),
    `${root}/./a/../a/1.png`,
  ]
  expect(new Set(await Promise.all(names.map(fileIdentity))).size).toBe(1)
  expect(await fileIdentity(join(root, 'a/2.png'))).not.toBe(await fileIdentity(file))
  expect(await fileIdentity(join(root, 'b'))).toBe(await fileIdentity(join(root, 'a')))
  expect(await messageOf(fileIdentity(join(root, 'none.png')))).toContain('none.png: does not exist')
})
