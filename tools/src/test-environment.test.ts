import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'

test('programs that tests start see nothing of how the tests were started, and find what they need', async () => {
  const unwanted = ['CI', 'FORCE_COLOR', 'NO_COLOR', 'NX_TASK_HASH', 'npm_lifecycle_event', 'M2L_PRECISION']
  const wanted = ['M2L_CACHE', 'npm_config_registry']
  for (const name of [...unwanted, ...wanted]) vi.stubEnv(name, '1')
  vi.resetModules()
  await import('./test-environment.js')
  const seen = execFileSync(process.execPath, ['--print', 'JSON.stringify(process.env)'], {
    encoding: 'utf8',
  })
  vi.unstubAllEnvs()
  const names = Object.keys(JSON.parse(seen) as object)
  expect(names).toEqual(expect.arrayContaining([...wanted, 'PATH', 'HOME']))
  for (const name of unwanted) expect(names).not.toContain(name)
})
