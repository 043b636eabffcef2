#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) await import(main.href)
else {
  process.stderr.write('m2l-engine: this checkout is not built yet; type: npm run build\n')
  process.exitCode = 2
}
