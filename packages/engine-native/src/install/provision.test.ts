import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  type Dirent,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bindingFile, bindingFolder } from './engine-cache.js'
import {
  buildPackage,
  names,
  outcomeOf,
  packageFolder,
  packPackage,
  Workshop,
} from './installation.test.helper.js'
import { tfjsNode } from './pinned-packages.js'
import { provision } from './provision.js'

/** A user whom the system does not know. */
const another = 12345

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const engineFolder = `tensorflow-2.21.0-cpu-${process.platform}-${process.arch}`

beforeAll(buildPackage)

let workshop: Workshop
beforeEach(() => {
  workshop = new Workshop()
})
afterEach(() => rmSync(workshop.folder, { recursive: true, force: true }))

describe('an installation', () => {
  it('takes what computes out of the wheel and the package and keeps nothing else', async () => {
    const outcome = await workshop.install()
    expect(outcome).toMatchObject({ alreadyThere: false, source: 'wheel' })
    expect(workshop.inCache()).toEqual([engineFolder])
    const files = readdirSync(outcome.folder!, { recursive: true, withFileTypes: true })
    expect(
      files
        .filter((file) => file.isFile())
        .map((file) => file.name)
        .toSorted(),
    ).toEqual(
      [
        'c_api.h',
        'c_api.h',
        'index.js',
        names.library,
        names.framework,
        'manifest.json',
        'manifest.json',
        'package.json',
        'status.h',
        'tfjs_binding.cc',
        'tfjs_binding.node',
      ].toSorted(),
    )
  })

  it('has nothing to do the second time', async () => {
    await workshop.install()
    expect(await workshop.install()).toMatchObject({ alreadyThere: true, progress: '' })
    expect(workshop.downloads()).toBe(1)
  })

  it('makes a second process wait and use what the first one made', async () => {
    const environment = { FAKE_PIP_SECONDS: '2' }
    const outcomes = await Promise.all([workshop.install(environment), workshop.install(environment)])
    expect(outcomes.map((outcome) => outcome.alreadyThere).toSorted()).toEqual([false, true])
    expect(workshop.downloads()).toBe(1)
    expect(outcomes.map((outcome) => outcome.progress).join()).toContain('another process is installing')
  })

  it('takes over from a process that was killed half way and removes its leftovers', async () => {
    const { child } = workshop.start({ FAKE_PIP_SECONDS: '3' })
    while (workshop.downloads() === 0) await sleep(50)
    child.kill('SIGKILL')
    expect(workshop.inCache().some((name) => name.startsWith('.staging-'))).toBe(true)
    expect(workshop.inCache()).not.toContain(engineFolder)
    expect(await workshop.install()).toMatchObject({ alreadyThere: false })
    expect(workshop.inCache()).toEqual([engineFolder])
  })

  it('ends when its signal does and leaves nothing', async () => {
    const controller = new AbortController()
    process.env.FAKE_PIP_SECONDS = '3'
    const installation = provision({ ...workshop.order(), onProgress: () => {}, signal: controller.signal })
    const ended = installation.catch((error: unknown) => error)
    while (workshop.downloads() === 0) await sleep(50)
    delete process.env.FAKE_PIP_SECONDS
    controller.abort(new Error('enough'))
    expect(await ended).toMatchObject({ message: 'enough' })
    expect(workshop.inCache()).toEqual([])
  })

  it('rebuilds an engine whose library was truncated', async () => {
    const { folder } = await workshop.install()
    const library = join(folder!, 'deps', 'lib', names.library)
    const whole = readFileSync(library)
    truncateSync(library, 1000)
    const outcome = await workshop.install()
    expect(outcome).toMatchObject({ alreadyThere: false })
    expect(outcome.progress).toContain(`${names.library} has 1000 bytes instead of ${whole.length}`)
    expect(readFileSync(library).equals(whole)).toBe(true)
    expect(workshop.inCache()).toEqual([engineFolder])
  })

  it('finds changed bytes when it is asked to verify', async () => {
    const { folder } = await workshop.install()
    const library = join(folder!, 'deps', 'lib', names.library)
    const whole = readFileSync(library)
    const changed = Buffer.from(whole)
    changed[77]! ^= 1
    writeFileSync(library, changed)
    expect(await workshop.install()).toMatchObject({ alreadyThere: true })
    expect(await workshop.install({}, { verify: true })).toMatchObject({ alreadyThere: false })
    expect(readFileSync(library).equals(whole)).toBe(true)
  })

  it('compiles again, without a download, where only the binding is gone', async () => {
    const { folder } = await workshop.install()
    rmSync(join(folder!, 'bindings'), { recursive: true })
    expect(await workshop.install()).toMatchObject({ alreadyThere: false })
    expect(workshop.downloads()).toBe(1)
  })

  it('puts the binding beside one that an earlier version has built, without a download', async () => {
    const { folder } = await workshop.install()
    const earlier = join(folder!, 'bindings', 'abi-115-3')
    renameSync(join(folder!, bindingFolder), earlier)
    expect(await workshop.install()).toMatchObject({ alreadyThere: false })
    expect(existsSync(join(folder!, bindingFolder, bindingFile))).toBe(true)
    expect(existsSync(join(earlier, bindingFile))).toBe(true)
    expect(workshop.downloads()).toBe(1)
  })
})

describe('an installed Python TensorFlow', () => {
  it('is used instead of the wheel', async () => {
    const outcome = await workshop.install({ FAKE_TENSORFLOW: workshop.layOutPythonTensorflow('2.20.1') })
    expect(outcome).toMatchObject({ source: 'python package', tensorflowVersion: '2.20.1' })
    expect(readFileSync(join(outcome.folder!, 'deps', 'lib', names.library), 'utf8')).toContain('the library')
    expect(existsSync(join(outcome.folder!, 'deps', 'include', 'tensorflow', 'c', 'c_api.h'))).toBe(true)
    expect(workshop.downloads()).toBe(0)
  })

  it('is replaced by the wheel when it is removed later', async () => {
    await workshop.install({ FAKE_TENSORFLOW: workshop.layOutPythonTensorflow('2.20.1') })
    rmSync(join(workshop.folder, 'site-packages-2.20.1'), { recursive: true })
    const outcome = await workshop.install()
    expect(outcome).toMatchObject({ source: 'wheel', alreadyThere: false })
    expect(await workshop.install()).toMatchObject({ source: 'wheel', alreadyThere: true })
  })

  it.each([
    ['too old', '2.11.0', []],
    ['without headers', '2.21.0', ['tensorflow/include/tensorflow/c/eager/c_api.h']],
    ['without its library', '2.21.0', [`tensorflow/${names.library}`]],
  ])('that is %s is left alone', async (_, version, left) => {
    const tensorflow = workshop.layOutPythonTensorflow(version, left)
    expect(await workshop.install({ FAKE_TENSORFLOW: tensorflow })).toMatchObject({ source: 'wheel' })
  })
})

describe('what an installation lacks', () => {
  const failures: [string, NodeJS.ProcessEnv, object, RegExp][] = [
    [
      'python',
      {},
      { python: '/no/such/python3' },
      /^\/no\/such\/python3 is missing: .*apt-get install python3/,
    ],
    ['pip', { FAKE_NO_PIP: '1' }, {}, /has no pip.* -m ensurepip/],
    [
      'a compiler',
      { CXX: 'no-such-compiler' },
      {},
      /^no-such-compiler is missing: .*(apt-get install g\+\+|xcode-select)/,
    ],
    [
      'the network',
      { FAKE_PIP_ERROR: 'ERROR: No matching distribution found' },
      {},
      /could not download tensorflow 2\.21\.0 \(No matching distribution found\); check the network/,
    ],
    [
      'the registry',
      { FAKE_NPM_ERROR: '404 Not Found' },
      {},
      /npm could not fetch @tensorflow\/tfjs-node-gpu@4\.22\.0 \(404 Not Found\); check the network and the registry/,
    ],
    [
      'room, as npm finds',
      { FAKE_NPM_ERROR: 'ENOSPC: no space left on device, write' },
      {},
      /needs 1 MB.* it is full; free some/,
    ],
    [
      'room, as pip finds',
      { FAKE_PIP_ERROR: 'OSError: [Errno 28] No space left on device' },
      {},
      /needs 1 MB.* it is full; free some/,
    ],
  ]
  it.each(failures)('%s, is told in one line', async (_, environment, order, message) => {
    const outcome = await workshop.install(environment, order)
    expect(outcome).toMatchObject({ error: 'InstallationError', message: expect.stringMatching(message) })
    expect(outcome.message).not.toContain('\n')
    // A libtensorflow that was fetched stays, so that the next attempt need not fetch it again.
    const keeps = environment.FAKE_NPM_ERROR ? [engineFolder] : []
    expect(workshop.inCache()).toEqual(keeps)
    expect(await workshop.install()).toMatchObject({ alreadyThere: false })
  })

  it('room, is told before anything is fetched', async () => {
    const wheels = { wheels: [], downloadBytes: 1, diskBytes: 1e18 }
    const outcome = await workshop.install({}, { wheels })
    expect(outcome.message).toMatch(
      /needs 1000000000\.0 GB there while it is installed and .* are free; free some/,
    )
    expect(workshop.downloads()).toBe(0)
    expect(workshop.inCache()).toEqual([])
  })

  it('the right wheel, is told with both hashes', async () => {
    const wheel = { name: 'tensorflow', version: '2.21.0', platform: 'any', sha256: '0'.repeat(64) }
    const outcome = await workshop.install(
      {},
      { wheels: { wheels: [wheel], downloadBytes: 1, diskBytes: 1 } },
    )
    expect(outcome.message).toMatch(/has SHA-256 [0-9a-f]{64} instead of 0{64}/)
    expect(workshop.inCache()).toEqual([])
  })

  it('the right package, is told with both hashes', async () => {
    const changed = packPackage({ 'package.json': '{}', 'dist/index.js': '// changed' })
    workshop.offerPackage(tfjsNode, changed)
    const { message } = await workshop.install()
    expect(message).toMatch(/tfjs-node-gpu@4\.22\.0 has SHA-512 \S{88} instead of \S{88}: it is damaged/)
    expect(existsSync(join(workshop.root, engineFolder, 'bindings'))).toBe(false)
  })

  it('npm, is told in one line', async () => {
    // A Node.js beside which no npm lies.
    const node = join(workshop.folder, 'node')
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE)
    const tools = join(workshop.folder, 'tools')
    mkdirSync(tools)
    const compiler = join(tools, 'g++')
    writeFileSync(compiler, '#!/bin/sh\n')
    chmodSync(compiler, 0o755)
    const child = spawn(node, workshop.command(), {
      env: { ...process.env, npm_execpath: '', PATH: tools, CXX: compiler },
    })
    const { message } = await outcomeOf(child)
    expect(message).toMatch(/^npm is missing: it fetches the binding/)
  })

  it('a cache that can be written, is told with what to set', async () => {
    const file = join(workshop.folder, 'file')
    writeFileSync(file, '')
    const outcome = await workshop.install({}, { cache: file })
    expect(outcome.message).toMatch(/cannot be written .*set M2L_CACHE/)
  })
})

describe('what others may do with a cache', () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777

  it.each([
    [0o022, 0o755, 0o644],
    [0o077, 0o700, 0o600],
  ])('is up to the mask of the user who made it: %o', async (mask, folderMode, fileMode) => {
    const program = `process.umask(${mask});\n`
    const [kind, e, installer, order] = workshop.command() as [string, string, string, string]
    const child = spawn(process.execPath, [kind, e, program + installer, order], {
      env: { ...process.env, npm_execpath: workshop.npm },
    })
    const { folder } = await outcomeOf(child)
    const entries = readdirSync(folder!, { recursive: true, withFileTypes: true })
    const paths = (is: (entry: Dirent) => boolean) =>
      entries.filter(is).map(({ parentPath, name }) => join(parentPath, name))
    const folders = [folder!, workshop.root, ...paths((entry) => entry.isDirectory())]
    expect(new Set(folders.map(modeOf))).toEqual(new Set([folderMode]))
    expect(new Set(paths((entry) => entry.isFile()).map(modeOf))).toEqual(new Set([fileMode]))
  })

  it.runIf(canBeAnother()).each([
    ['', 'engine'],
    ['tensorflow-', 'tensorflow-'],
    ['bindings', 'bindings'],
  ])('is told where it is nothing: %s', async (part, named) => {
    const { folder } = await workshop.install()
    const paths: Record<string, string> = { '': workshop.root, 'tensorflow-': folder! }
    chmodSync(workshop.folder, 0o755)
    chmodSync(paths[part] ?? join(folder!, part), 0o700)
    const child = spawn(process.execPath, workshop.command(), {
      uid: another,
      env: { ...process.env, npm_execpath: workshop.npm },
    })
    const { message, progress } = await outcomeOf(child)
    expect(progress).toMatch(
      /^the engine in the cache cannot be used: this user may not read .*chmod -R a\+rX/,
    )
    expect(progress).toContain(named)
    expect(message).toMatch(/engine cannot be written \(EACCES.*set M2L_CACHE/)
  })

  it.runIf(canMount())('is to read it where it is mounted read-only: nothing is written', async () => {
    const { folder } = await workshop.install()
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && "$@"'
    const install = () =>
      outcomeOf(
        spawn(
          'unshare',
          ['-rm', 'sh', '-c', script, workshop.cache, process.execPath, ...workshop.command()],
          {
            env: { ...process.env, npm_execpath: workshop.npm },
          },
        ),
      )
    expect(await install()).toMatchObject({ alreadyThere: true, progress: '' })
    rmSync(join(folder!, 'bindings'), { recursive: true })
    expect((await install()).message).toMatch(/engine cannot be written \(.*\); set M2L_CACHE/)
  })
})

describe.runIf(canMount())('a disk that fills up', () => {
  it.each([
    ['in pip', '1m'],
    ['while the wheel is taken apart', '2m'],
  ])('%s leaves no broken engine', async (_, size) => {
    mkdirSync(workshop.cache)
    const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && "$@"; ls -A "$0/engine" >&2`
    const command = [process.execPath, ...workshop.command()]
    const outcome = await outcomeOf(spawn('unshare', ['-rm', 'sh', '-c', script, workshop.cache, ...command]))
    expect(outcome.message).toMatch(/has too little room: the engine needs 1 MB there .*M2L_CACHE/)
    expect(outcome.progress).not.toContain('.staging-')
    expect(outcome.progress).not.toContain(engineFolder)
  })
})

/** Whether this user may start programs of another, who may read this checkout. */
function canBeAnother(): boolean {
  const index = join(packageFolder, 'src', 'index.ts')
  const reads = ['--eval', 'require("node:fs").readFileSync(process.argv[1])', index]
  return process.getuid?.() === 0 && spawnSync(process.execPath, reads, { uid: another }).status === 0
}

/** Whether this user may mount a file system of his own. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
