import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineStatus, InputError, loadEngine, tf, type EngineStatus } from '@m2l/engine'
import { bindingFolder } from './install/engine-cache.js'
import { buildPackage, packageFolder } from './install/installation.test.helper.js'
import { drawbackOfBfloat16 } from './processor.js'

const temporary = mkdtempSync(join(tmpdir(), 'm2l-load-'))

beforeAll(buildPackage)
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** What a program in a process of its own may add to the status. */
type Printed = { readonly [name in 'first' | 'last' | 'left' | 'value']?: number }

/** Loads the engine in a process of its own and runs a piece of a program there. */
function inProcess(environment: NodeJS.ProcessEnv, options: object = {}, program = '') {
  const script = `
    import '@m2l/engine-native'
    import { loadEngine, engineStatus, tf } from '@m2l/engine'
    try {
      const status = await loadEngine(${JSON.stringify(options)})
      ${program}
      console.log(JSON.stringify(status))
    } catch (error) {
      console.log(JSON.stringify({ error: error.name, message: error.message }))
    }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: packageFolder,
    env: { ...process.env, ...environment },
  })
  return { ...(JSON.parse(stdout) as EngineStatus & Printed), stderr }
}

/** A cache with an engine that looks whole but cannot be loaded. */
function cacheWithUnloadableEngine(): string {
  const cache = mkdtempSync(join(temporary, 'cache-'))
  const platform = `${process.platform}-${process.arch}`
  const folder = join(cache, 'engine', `tensorflow-2.21.0-cpu-${platform}`)
  const binding = join(folder, bindingFolder)
  mkdirSync(binding, { recursive: true })
  const manifest = {
    tensorflowVersion: '2.21.0',
    variant: 'cpu',
    platform,
    source: 'wheel',
    origin: 'x',
    library: 'x',
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, files: [] }))
  writeFileSync(
    join(binding, 'manifest.json'),
    JSON.stringify({ files: [{ path: 'tfjs_binding.node', size: 3 }] }),
  )
  writeFileSync(join(binding, 'tfjs_binding.node'), 'bad')
  return cache
}

describe('the engine', () => {
  it('is loaded once and tells what computes', async () => {
    const [first, second] = await Promise.all([loadEngine(), loadEngine({ device: 'cpu' })])
    expect(second).toBe(first)
    expect(await engineStatus()).toBe(first)
    expect(first.backend).toBe(tf.getBackend())
    expect(first.tensorflowVersion === null).toBe(first.backend !== 'tensorflow')
    expect(tf.add(1, 2).dataSync()).toEqual(new Float32Array([3]))
  })

  it('says nothing while it starts, but for the one warning where it is not native', () => {
    const step = `
      const filter = tf.variable(tf.ones([3, 3, 2, 4]))
      tf.train.sgd(1).minimize(() => tf.mean(tf.conv2d(tf.ones([2, 9, 9, 2]), filter, 1, 'same')))
      filter.dataSync()`
    const status = inProcess({ TF_ENABLE_ONEDNN_OPTS: '1' }, {}, step)
    const warning = expect.stringMatching(/^m2l: the native engine is not there .*\n$/)
    expect(status.stderr).toEqual(status.backend === 'tensorflow' ? '' : warning)
  })

  it('warns once of bf16 where it is slower than f32', () => {
    const status = inProcess({ M2L_PRECISION: 'bf16' }, {}, 'await loadEngine({ precision: "bf16" })')
    const isSlow =
      status.backend === 'tensorflow' && status.device === 'cpu' && drawbackOfBfloat16() !== undefined
    const warnings = status.stderr.match(/^m2l: this processor has no .*; precision f32 is faster$/gm) ?? []
    expect(warnings).toHaveLength(isSlow ? 1 : 0)
    expect(inProcess({}, { precision: 'f32' }).stderr).not.toContain('precision f32 is faster')
  })

  it('refuses another device than the one that it has loaded', async () => {
    await loadEngine()
    await expect(loadEngine({ device: 7 })).rejects.toThrow(/device 7 .* has loaded its engine on (cpu|gpu)/)
  })
})

describe('options', () => {
  it.each<[object, RegExp]>([
    [{ device: 'tpu' }, /device tpu is unknown; expected cpu, gpu or the number/],
    [{ device: -1 }, /device -1 is unknown/],
    [{ device: 1.5 }, /device 1.5 is unknown/],
    [{ threads: 0 }, /threads is 0; expected a whole number from 1/],
  ])('%j is refused', async (options, message) => {
    await expect(loadEngine(options)).rejects.toThrow(InputError)
    await expect(loadEngine(options)).rejects.toThrow(message)
  })

  it.each([
    [{}, 'torch', /M2L_ENGINE is torch; expected native, wasm or cpu/],
    [{ device: 'gpu' }, 'wasm', /device gpu needs the native engine/],
  ])('%j with M2L_ENGINE=%s is refused', (options, engine, message) => {
    expect(inProcess({ M2L_ENGINE: engine }, options)).toMatchObject({
      error: 'InputError',
      message: expect.stringMatching(message),
    })
  })

  it('a GPU that is not there is refused', () => {
    expect(
      inProcess({ CUDA_VISIBLE_DEVICES: '-1', M2L_CACHE: cacheWithUnloadableEngine() }, { device: 'gpu' }),
    ).toMatchObject({
      error: 'InputError',
      message: expect.stringMatching(/^device gpu /),
    })
  })

  it('threads reach the status', () => {
    const status = inProcess({}, { threads: 1 })
    expect(status).toMatchObject({ threads: 1 })
  })
})

describe('without a native engine that works', () => {
  const matmul = 'status.value = tf.sum(tf.matMul(tf.ones([3, 4]), tf.ones([4, 2]))).dataSync()[0]'

  it('wasm goes on, with one warning that names the command', () => {
    const status = inProcess({ M2L_CACHE: cacheWithUnloadableEngine() }, {}, matmul)
    expect(status).toMatchObject({ backend: 'wasm', tensorflowVersion: null, value: 24 })
    expect(status.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^m2l: the native engine is not there \(it does not load: .*npx m2l-engine install$/,
      ),
    ])
  })

  it.each(['wasm', 'cpu'])('%s can be chosen by hand and says nothing', (name) => {
    const status = inProcess({ M2L_ENGINE: name }, {}, matmul)
    expect(status).toMatchObject({ backend: name, why: `M2L_ENGINE is ${name}`, value: 24, stderr: '' })
  })

  it('M2L_ENGINE=native does not go on', () => {
    const status = inProcess({ M2L_ENGINE: 'native', M2L_CACHE: cacheWithUnloadableEngine() })
    expect(status).toMatchObject({
      error: 'InputError',
      message: expect.stringContaining('npx m2l-engine install'),
    })
  })

  it('wasm trains: its loss falls and no tensor is left', () => {
    const training = `
      const images = tf.randomNormal([8, 9, 9, 2], 0, 1, 'float32', 1)
      const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3)
      const filter = tf.variable(tf.randomNormal([3, 3, 2, 3], 0, 0.1, 'float32', 2))
      const loss = () => tf.losses.softmaxCrossEntropy(labels, tf.mean(tf.relu(tf.conv2d(images, filter, 2, 'same')), [1, 2]))
      const optimizer = tf.train.sgd(1)
      optimizer.minimize(loss)
      const tensors = tf.memory().numTensors
      status.first = tf.tidy(() => loss().dataSync()[0])
      for (let step = 0; step < 30; step++) optimizer.minimize(loss)
      status.last = tf.tidy(() => loss().dataSync()[0])
      status.left = tf.memory().numTensors - tensors`
    const { first, last, left } = inProcess({ M2L_ENGINE: 'wasm' }, {}, training)
    expect(last).toBeLessThan(first! - 0.2)
    expect(left).toBe(0)
  })
})
