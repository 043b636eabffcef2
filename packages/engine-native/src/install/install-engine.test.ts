import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findEngine } from './engine-cache.js'
import {
  buildPackage,
  packageFolder,
  packPackage,
  pinnedPackage,
  Workshop,
} from './installation.test.helper.js'
import { pinnedPackages, type PinnedPackage } from './pinned-packages.js'
import { provision } from './provision.js'
import { pinnedWheels } from './wheels.js'

const folder = mkdtempSync(join(tmpdir(), 'm2l-real-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const present = (await findEngine('cpu')).engine

describe.runIf(present)('against a real libtensorflow', () => {
  const workshop = new Workshop()
  const before = { ...process.env }
  afterAll(() => {
    process.env = before
    rmSync(workshop.folder, { recursive: true, force: true })
  })

  /** A package of the present engine, as npm would fetch it. */
  function repacked(name: string): PinnedPackage {
    const source = join(dirname(present!.bindingPath), 'node_modules', name)
    const files = readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
    const archive = packPackage(
      Object.fromEntries(files.map((file) => [relative(source, file), readFileSync(file)])),
    )
    workshop.offerPackage(name, archive)
    return pinnedPackage(name, '1.0.0', archive)
  }

  it('the binding is compiled and computes, whatever characters the path of the cache has', async () => {
    const packageOfPython = join(folder, 'site-packages', 'tensorflow')
    mkdirSync(packageOfPython, { recursive: true })
    const deps = dirname(dirname(present!.libraryPath))
    symlinkSync(join(deps, 'include'), join(packageOfPython, 'include'))
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework']) {
      const file = `${name}${process.platform === 'darwin' ? '.2.dylib' : '.so.2'}`
      symlinkSync(join(deps, 'lib', file), join(packageOfPython, file))
    }
    const { tensorflowVersion: version } = present!
    process.env.FAKE_TENSORFLOW = JSON.stringify({ folder: packageOfPython, version, cuda: false })
    process.env.npm_execpath = workshop.npm

    const cache = join(folder, `-My Pröjects & O'Brien; a$b "(1)" #50% \\ *\n,:=@x`)
    const lines: string[] = []
    const order = { ...workshop.order(), cache, packages: pinnedPackages.map(({ name }) => repacked(name)) }
    const { engine } = await provision({ ...order, onProgress: (line) => lines.push(line) })
    expect(lines).toEqual([
      expect.stringMatching(/^using the Python TensorFlow/),
      expect.stringMatching(/^fetching @tensorflow\/tfjs-node-gpu/),
      expect.stringMatching(/^compiling the binding/),
    ])
    expect(engine).toMatchObject({ source: 'python package', origin: packageOfPython })
    expect(await provision({ ...order, onProgress: () => {} })).toEqual({ engine, alreadyThere: true })

    buildPackage()
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(packageFolder, 'dist', 'main.js'), 'status', '--json'],
      { encoding: 'utf8', env: { ...process.env, M2L_CACHE: cache, TMPDIR: '/no/such/folder' } },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      backend: 'tensorflow',
      tensorflowVersion: version,
      source: 'python package',
      libraryPath: engine.libraryPath,
    })
  })
})

describe('the tables of wheels and packages', () => {
  it('pin every file by a whole hash', () => {
    for (const { wheels } of Object.values(pinnedWheels)) {
      for (const wheel of wheels) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(wheels[0]!.name).toMatch(/^tensorflow/)
    }
    for (const { sha512 } of pinnedPackages) expect(Buffer.from(sha512, 'base64')).toHaveLength(64)
  })
})

describe('the command line', () => {
  beforeAll(buildPackage)
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(packageFolder, 'dist', 'main.js'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, M2L_CACHE: join(folder, 'empty'), CXX: 'no-such-compiler', M2L_ENGINE: 'wasm' },
    })

  it('ends with 2 for bad input', () => {
    expect(run('instal')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^m2l-engine: instal is no/),
    })
    expect(run('install', '--gppu')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('--gppu'),
    })
  })

  it('ends with 1 where the engine cannot be installed, and with 0 if it is optional', () => {
    expect(run('install')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/no-such-compiler is missing/),
    })
    expect(run('install', '--optional')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/no-such-compiler is missing/),
    })
  })

  it('tells the status for people and for programs', () => {
    expect(run('status').stdout).toMatch(/^engine {3}TensorFlow\.js wasm\n.*why {6}M2L_ENGINE is wasm/s)
    expect(JSON.parse(run('status', '--json').stdout)).toMatchObject({ backend: 'wasm', threads: 1 })
  })

  it('prints what can be typed', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: m2l-engine/) })
  })
})
