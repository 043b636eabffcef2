import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createTar } from 'nanotar'
import { tfjsNode, type PinnedPackage } from './pinned-packages.js'

export const packageFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Compiles this package, because processes that tests start run what is in `dist`. */
export function buildPackage(): void {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-b', packageFolder])
}

const library = process.platform === 'darwin' ? 'libtensorflow_cc.2.dylib' : 'libtensorflow_cc.so.2'
const framework =
  process.platform === 'darwin' ? 'libtensorflow_framework.2.dylib' : 'libtensorflow_framework.so.2'
export const names = { library, framework }

const contents = {
  [`tensorflow/${library}`]: 'the library '.repeat(50_000),
  [`tensorflow/${framework}`]: 'the framework '.repeat(50_000),
  'tensorflow/include/tensorflow/c/c_api.h': '// c api',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// eager api',
  'tensorflow/include/xla/tsl/platform/status.h': '// status',
  'tensorflow/include/google/protobuf/any.h': '// not needed',
  'tensorflow/python/eager/context.py': '# not needed',
}

const zip = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for name, text in json.load(sys.stdin).items():
        archive.writestr(zipfile.ZipInfo(name), text)
`

/** A Python with a pip that knows one tiny wheel; how it misbehaves is told by environment variables. */
const python = (wheel: string, log: string) => `#!/bin/sh
case "$1 $2 $3" in
  "--version "*) echo "Python 3.11" ;;
  "-c "*) echo "\${FAKE_TENSORFLOW:-null}" ;;
  "-m pip --version") [ -z "$FAKE_NO_PIP" ] ;;
  "-m pip download")
    echo download >> '${log}'
    if [ -n "$FAKE_PIP_ERROR" ]; then echo "$FAKE_PIP_ERROR" >&2; exit 1; fi
    sleep "\${FAKE_PIP_SECONDS:-0}"
    while [ "$1" != --dest ]; do shift; done
    cp '${wheel}' "$2" || exit 1 ;;
  *) exit 9 ;;
esac
`

/** An archive as npm's registry keeps it, of the files of a package by their paths in it. */
export function packPackage(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const entries = Object.entries(files).map(([path, data]) => ({ name: `package/${path}`, data }))
  return gzipSync(createTar(entries))
}

/** A package as `provision` is told of it. */
export const pinnedPackage = (name: string, version: string, archive: Buffer): PinnedPackage => ({
  name,
  version,
  sha512: createHash('sha512').update(archive).digest('base64'),
})

/** An npm that knows the archives in a folder; how it misbehaves is told by environment variables. */
const npm = `
const { appendFileSync, copyFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const [, , command, name, ...options] = process.argv
appendFileSync(join(__dirname, 'npm.log'), [command, name, ...options].join(' ') + '\\n')
if (process.env.FAKE_NPM_ERROR) {
  console.error('npm error code E404\\nnpm error ' + process.env.FAKE_NPM_ERROR + '\\nnpm error A complete log')
  process.exit(1)
}
const target = options[options.indexOf('--pack-destination') + 1]
copyFileSync(join(__dirname, basename(name).split('@')[0] + '.tgz'), join(target, 'archive.tgz'))
`

/** A process that installs; the compiler's work is done by a copy, so that it takes no seconds. */
const installer = `
import { writeFileSync, mkdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
const { packageFolder, ...order } = JSON.parse(process.argv[1])
const { provision } = await import(pathToFileURL(packageFolder + '/dist/install/provision.js'))
const compile = async ({ outputFolder }) => {
  mkdirSync(outputFolder, { recursive: true })
  writeFileSync(outputFolder + '/tfjs_binding.node', 'binding')
}
try {
  const { engine, alreadyThere } = await provision({
    ...order, compile, onProgress: (line) => console.error(line),
  })
  console.log(JSON.stringify({ alreadyThere, ...engine }))
} catch (error) {
  console.log(JSON.stringify({ error: error.name, message: error.message }))
}
`

export interface Outcome {
  readonly error?: string
  readonly message?: string
  readonly alreadyThere?: boolean
  readonly folder?: string
  readonly source?: string
  readonly progress: string
}

/**
 * A folder with an empty cache, a tiny wheel and a tiny tfjs-node, and a Python and an npm that can fetch
 * them.
 */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'm2l-engine-'))
  readonly cache = join(this.folder, 'cache')
  readonly root = join(this.cache, 'engine')
  readonly python = join(this.folder, 'python3')
  readonly npm = join(this.folder, 'npm-cli.js')
  readonly #log = join(this.folder, 'pip.log')
  readonly #wheel = join(this.folder, 'tensorflow-2.21.0-cp311.whl')

  readonly #package = packPackage({
    'package.json': '{}',
    'binding/tfjs_binding.cc': '// the binding',
    'dist/index.js': '// the back end',
    'dist/index_test.js': '// not needed',
    'dist/index.d.ts': '// not needed',
    'scripts/install.js': '// not needed',
  })

  constructor() {
    execFileSync('python3', ['-c', zip, this.#wheel], { input: JSON.stringify(contents) })
    writeFileSync(this.python, python(this.#wheel, this.#log))
    chmodSync(this.python, 0o755)
    writeFileSync(this.npm, npm)
    this.offerPackage(tfjsNode, this.#package)
  }

  /** Starts a process that installs. */
  start(
    environment: NodeJS.ProcessEnv = {},
    order: object = {},
  ): { child: ChildProcess; outcome: Promise<Outcome> } {
    const child = spawn(process.execPath, this.command(order), {
      env: { ...process.env, npm_execpath: this.npm, ...environment },
    })
    return { child, outcome: outcomeOf(child) }
  }

  install(environment: NodeJS.ProcessEnv = {}, order: object = {}): Promise<Outcome> {
    return this.start(environment, order).outcome
  }

  /** Arguments for Node.js that install. */
  command(order: object = {}): string[] {
    return [
      '--input-type=module',
      '-e',
      installer,
      JSON.stringify({ ...this.order(), packageFolder, ...order }),
    ]
  }

  /** What an installation from the tiny wheel is told. */
  order() {
    const sha256 = createHash('sha256').update(readFileSync(this.#wheel)).digest('hex')
    const wheel = { name: 'tensorflow', version: '2.21.0', platform: 'any', sha256 }
    const wheels = { wheels: [wheel], downloadBytes: 1, diskBytes: 1 }
    const packages = [pinnedPackage(tfjsNode, '4.22.0', this.#package)]
    return {
      variant: 'cpu' as const,
      cache: this.cache,
      python: this.python,
      wheels,
      packages,
      verify: false,
    }
  }

  /** Lets npm fetch an archive. */
  offerPackage(name: string, archive: Buffer): void {
    writeFileSync(join(this.folder, `${basename(name)}.tgz`), archive)
  }

  downloads(): number {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n').length : 0
  }

  /** Names in the engine's part of the cache, without the log of the compiler. */
  inCache(): string[] {
    return existsSync(this.root) ? readdirSync(this.root) : []
  }

  /** Lays out what a Python TensorFlow would; returns what Python would tell of it. */
  layOutPythonTensorflow(version: string, left: readonly string[] = []): string {
    const folder = join(this.folder, `site-packages-${version}`, 'tensorflow')
    for (const [name, text] of Object.entries(contents)) {
      if (left.includes(name)) continue
      const path = join(dirname(folder), name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    return JSON.stringify({ folder, version, cuda: false })
  }
}

/** Waits for an installing process and reads what it printed. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let progress = ''
  child.stdout!.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr!.on('data', (chunk) => (progress += String(chunk)))
  return new Promise((resolve) => {
    child.once('close', () => resolve({ ...(stdout ? (JSON.parse(stdout) as object) : {}), progress }))
  })
}
