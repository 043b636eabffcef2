import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))

await build({
  input: at('tensorflow-registrations.js'),
  platform: 'node',
  output: { file: at('../dist/tensorflow-registrations.cjs'), format: 'cjs' },
})
