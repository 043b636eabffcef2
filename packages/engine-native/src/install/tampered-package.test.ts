import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  buildPackage,
  packPackage,
  pinnedPackage,
  Workshop,
  type Outcome,
} from './installation.test.helper.js'
import { tfjsNode } from './pinned-packages.js'

const version = '4.22.0'

let workshop: Workshop
let server: Server
let marker: string
let archive: Buffer

beforeAll(buildPackage)
beforeEach(async () => {
  workshop = new Workshop()
  marker = join(workshop.folder, 'it-ran')
  const run = `touch ${marker}`
  const scripts = Object.fromEntries(
    ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack'].map((name) => [name, run]),
  )
  archive = packPackage({
    'package.json': JSON.stringify({ name: tfjsNode, version, scripts }),
    'binding.gyp': '{}',
    'dist/index.js': '// the back end',
  })
  server = createServer((request, response) => {
    if (request.url!.endsWith('.tgz')) response.end(archive)
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(packument()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(workshop.folder, { recursive: true, force: true })
})

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

/** What a registry tells of the package; the hash is that of the archive it has, as npm checks that. */
function packument() {
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`
  const dist = { tarball: `${address()}archive.tgz`, integrity }
  return {
    name: tfjsNode,
    'dist-tags': { latest: version },
    versions: { [version]: { name: tfjsNode, version, dist, hasInstallScript: true } },
  }
}

/** Installs with the npm of this machine. */
function install(pinned: Buffer): Promise<Outcome> {
  const environment = {
    npm_execpath: '',
    npm_config_registry: address(),
    npm_config_fetch_retries: '0',
    npm_config_ignore_scripts: 'false',
    no_proxy: '127.0.0.1',
    NO_PROXY: '127.0.0.1',
  }
  return workshop.install(environment, { packages: [pinnedPackage(tfjsNode, version, pinned)] })
}

describe('a registry that offers something else', () => {
  it('a tampered package is refused by its hash; nothing of it is run, compiled or kept', async () => {
    const { message, progress, folder } = await install(Buffer.from('another'))
    expect(message).toMatch(/tfjs-node-gpu@4\.22\.0 has SHA-512 \S{88} instead of \S{88}/)
    expect(progress).not.toContain('compiling')
    expect(folder).toBeUndefined()
    expect(existsSync(marker)).toBe(false)
    expect(workshop.inCache().filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('the package that was pinned is taken apart without running it', async () => {
    const { message, folder } = await install(archive)
    expect([message, existsSync(marker)]).toEqual([undefined, false])
    expect(existsSync(join(folder!, 'bindings'))).toBe(true)
  })
})
