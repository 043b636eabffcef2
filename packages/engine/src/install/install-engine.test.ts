import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installEngine } from '../index.js'
import { findEngine } from './engine-cache.js'
import { buildPackage, packageFolder } from './installation.test.helper.js'
import { pinnedWheels } from './wheels.js'

const folder = mkdtempSync(join(tmpdir(), 'm2l-real-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const present = (await findEngine('cpu')).engine

describe.runIf(present)('against a real libtensorflow', () => {
  it('the binding is compiled and computes', async () => {
    const packageOfPython = join(folder, 'site-packages', 'tensorflow')
    mkdirSync(packageOfPython, { recursive: true })
    const deps = dirname(dirname(present!.libraryPath))
    symlinkSync(join(deps, 'include'), join(packageOfPython, 'include'))
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework']) {
      const file = `${name}${process.platform === 'darwin' ? '.2.dylib' : '.so.2'}`
      symlinkSync(join(deps, 'lib', file), join(packageOfPython, file))
    }
    const python = join(folder, 'python3')
    const found = JSON.stringify({
      folder: packageOfPython,
      version: present!.tensorflowVersion,
      cuda: false,
    })
    const script = `#!/bin/sh\ncase "$2" in *find_spec*) echo '${found}' ;; *) exec python3 "$@" ;; esac\n`
    writeFileSync(python, script)
    chmodSync(python, 0o755)

    const cache = join(folder, 'cache')
    const lines: string[] = []
    const engine = await installEngine({ cacheFolder: cache, python, onProgress: (line) => lines.push(line) })
    expect(lines).toHaveLength(2)
    expect(engine).toMatchObject({
      source: 'python package',
      origin: packageOfPython,
      alreadyThere: false,
      gpu: false,
    })
    expect(await installEngine({ cacheFolder: cache, python })).toEqual({ ...engine, alreadyThere: true })

    buildPackage()
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(packageFolder, 'dist', 'main.js'), 'status', '--json'],
      { encoding: 'utf8', env: { ...process.env, M2L_CACHE: cache } },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      backend: 'tensorflow',
      tensorflowVersion: present!.tensorflowVersion,
      source: 'python package',
      libraryPath: engine.libraryPath,
    })
  })
})

describe('the table of wheels', () => {
  it('pins every file by a whole hash', () => {
    for (const { wheels } of Object.values(pinnedWheels)) {
      for (const wheel of wheels) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(wheels[0]!.name).toMatch(/^tensorflow/)
    }
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
