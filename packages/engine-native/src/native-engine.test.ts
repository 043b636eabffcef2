import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { kernelsFile } from './install/engine-cache.js'
import { findNativeEngine } from './native-engine.js'

it.runIf(process.platform === 'linux')('operations of our own come with the binding', async () => {
  const { native } = await findNativeEngine('cpu')
  expect(existsSync(join(dirname(native!.bindingPath), kernelsFile))).toBe(true)
})
