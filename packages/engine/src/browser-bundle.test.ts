import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build, type OutputChunk } from 'rolldown'
import { beforeAll, expect, it } from 'vitest'
import { loadEngine, randomKey, randomUniform, tf } from './index.js'

/** What a page would do with the engine; its results are JSON. */
const page = `
  import { graphFunction, loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
  const refusal = (options) => loadEngine(options).catch((error) => error.name + ': ' + error.message)
  const results = async () => {
    const refusals = [await refusal({ device: 'gpu' }), await refusal({ engine: 'native' })]
    const { backend } = await loadEngine({ engine: 'cpu' })
    const gradient = tf.grad((x) => x.square().mul(3).sum())
    const double = graphFunction(({ x }) => ({ y: tf.mul(x, 2) }))
    return {
      refusals,
      backend,
      gradient: gradient(tf.tensor1d([1, 2])).arraySync(),
      doubled: double({ x: tf.tensor1d([4]) }).y.arraySync(),
      key: randomKey(7).fold('episode', 3).seed,
      drawn: randomUniform(randomKey(7), [2]).arraySync(),
    }
  }
  self.done = results().then(JSON.stringify)
`

let chunks: readonly OutputChunk[]

beforeAll(async () => {
  await loadEngine()
  const { output } = await build({
    input: 'page',
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'page',
        resolveId: (id: string) =>
          id === 'page' ? fileURLToPath(new URL('page.js', import.meta.url)) : null,
        load: (id: string) => (id.endsWith('/page.js') ? page : null),
      },
    ],
    output: { format: 'iife', codeSplitting: false },
  })
  chunks = output.filter((part): part is OutputChunk => part.type === 'chunk')
})

it('is one file without a module of Node.js, in which TensorFlow.js is once', () => {
  expect(chunks).toHaveLength(1)
  const [{ imports, moduleIds }] = chunks as [OutputChunk]
  expect(imports).toEqual([])
  expect(moduleIds.filter((id) => id.endsWith('/tfjs-core/dist/engine.js'))).toHaveLength(1)
  expect(moduleIds.filter((id) => /\.node\.js$|-node\.js$|\.cjs$/.test(id))).toEqual([])
})

it('computes where there is nothing of Node.js, with gradients, and draws the same numbers', async () => {
  const self: Record<string, unknown> = { console, performance, setTimeout, TextDecoder, TextEncoder }
  Object.assign(self, { self, WorkerGlobalScope: Object }) // as a worker has them
  runInContext(chunks[0]!.code, createContext(self))
  const key = randomKey(7).fold('episode', 3).seed
  expect(JSON.parse(await (self.done as Promise<string>))).toEqual({
    refusals: [
      'InputError: engine-native is for Node; device gpu cannot be had here: expected wasm or cpu',
      'InputError: engine-native is for Node; engine native cannot be had here: expected wasm or cpu',
    ],
    backend: 'cpu',
    gradient: [6, 12],
    doubled: [8],
    key: [...key],
    drawn: [...tf.tidy(() => randomUniform(randomKey(7), [2]).dataSync())],
  })
})
