import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/** Loads the engine in a process of its own that has not imported the native one. */
function alone(options: object, environment: NodeJS.ProcessEnv = {}) {
  const script = `
    import { loadEngine } from '@m2l/engine'
    try {
      console.log((await loadEngine(${JSON.stringify(options)})).backend)
    } catch (error) {
      console.log(error.name + ': ' + error.message)
    }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: packageFolder,
    env: { ...process.env, ...environment },
  })
  return { printed: stdout.trim(), warnings: stderr }
}

it('computes with wasm where the native engine is not imported, and says in one line what is faster', () => {
  expect(alone({})).toEqual({
    printed: 'wasm',
    warnings: expect.stringMatching(
      /^m2l: the native engine is not there .*; type: npm install @m2l\/engine-native, .*\n$/,
    ),
  })
})

it.each([
  [{ device: 'gpu' }, {}, /^InputError: device gpu cannot be used .*@m2l\/engine-native/],
  [{}, { M2L_ENGINE: 'native' }, /^InputError: M2L_ENGINE is native, but .*@m2l\/engine-native/],
])('%j with %j is refused without it', (options, environment, message) => {
  expect(alone(options, environment).printed).toMatch(message)
})

it('says where the files of wasm are expected when they are not there', () => {
  expect(alone({ engine: 'wasm', wasmFiles: '/nowhere/' }).printed).toMatch(
    /^InputError: .* does not start; expected the \.wasm files of @tensorflow\/tfjs-backend-wasm\/dist where/,
  )
})

it.each([
  [{ engine: 'torch' }, /^InputError: engine is torch; expected native, wasm or cpu/],
  [{ engine: 'cpu', device: 'gpu' }, /^InputError: device gpu needs the native engine, but engine is cpu/],
])('%j is refused', (options, message) => {
  expect(alone(options).printed).toMatch(message)
})
