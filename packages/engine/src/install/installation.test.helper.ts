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
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** A folder with an empty cache, a tiny wheel and a Python that can fetch it. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'm2l-engine-'))
  readonly cache = join(this.folder, 'cache')
  readonly root = join(this.cache, 'engine')
  readonly python = join(this.folder, 'python3')
  readonly #log = join(this.folder, 'pip.log')
  readonly #wheel = join(this.folder, 'tensorflow-2.21.0-cp311.whl')

  constructor() {
    execFileSync('python3', ['-c', zip, this.#wheel], { input: JSON.stringify(contents) })
    writeFileSync(this.python, python(this.#wheel, this.#log))
    chmodSync(this.python, 0o755)
  }

  /** Starts a process that installs. */
  start(
    environment: NodeJS.ProcessEnv = {},
    order: object = {},
  ): { child: ChildProcess; outcome: Promise<Outcome> } {
    const child = spawn(process.execPath, this.command(order), { env: { ...process.env, ...environment } })
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
    return { variant: 'cpu' as const, cache: this.cache, python: this.python, wheels, verify: false }
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
