import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Shared by every package: tests lie beside the source and import sibling packages from their source. */
export default defineConfig({
  // These also reach Node's own require, which must not be told to take the `import` entry of a dependency.
  ssr: { resolve: { conditions: ['@m2l/source', 'node', 'module', 'default'] } },
  resolve: { conditions: ['@m2l/source', 'node', 'import', 'module', 'default'] },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.page.test.ts'],
    setupFiles: ['test-environment', 'native-engine'].map((name) =>
      fileURLToPath(new URL(`src/${name}.ts`, import.meta.url)),
    ),
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    server: { deps: { inline: [/@m2l\//] } },
    reporters: ['default', 'json'],
    outputFile: { json: '.vitest/results.json' },
  },
})
