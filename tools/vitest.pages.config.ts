import { defineConfig } from 'vitest/config'
import shared from './vitest.config.js'

/** Tests of pages in a browser, which are run on their own so that `npm test` needs none. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['**/*.page.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    outputFile: { json: '.vitest/page-results.json' },
  },
})
