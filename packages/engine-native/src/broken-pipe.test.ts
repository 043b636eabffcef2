import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('../bin/m2l-engine.js', import.meta.url))

test.skipIf(process.platform === 'win32')('a program whose reader has stopped ends quietly', async () => {
  const child = spawn(process.execPath, [program, '--help'])
  child.stdout.destroy()
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (complaints += part))
  const exitCode = await new Promise((done) => child.on('close', done))
  expect({ exitCode, complaints }).toEqual({ exitCode: 141, complaints: '' })
})
