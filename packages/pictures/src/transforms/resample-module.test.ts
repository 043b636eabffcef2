import { expect, test } from 'vitest'
import { compiledResampleModule } from './compile-resample.test.helper.js'

test('the module is what its source compiles to; `npm run compile` makes it anew', async () => {
  await expect(await compiledResampleModule()).toMatchFileSnapshot('resample-module.ts')
})
