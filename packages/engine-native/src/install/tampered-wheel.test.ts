import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPackage, names, Workshop } from './installation.test.helper.js'

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0
const version = '2.21.0'

/** Makes the distributions whose code, wherever it may run, leaves the file MARKER. */
const make = `
import io, sys, tarfile, zipfile
folder, marker, library, framework = sys.argv[1:]
code = f"open({marker!r}, 'w').close()\\n"
with zipfile.ZipFile(folder + '/tensorflow-${version}-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('tensorflow/__init__.py', code)
    wheel.writestr('run.pth', 'import os; ' + code)
    wheel.writestr('tensorflow/' + library, 'evil')
    wheel.writestr('tensorflow/' + framework, 'evil')
    wheel.writestr('tensorflow-${version}.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tensorflow-${version}.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tensorflow\\nVersion: ${version}\\n')
    wheel.writestr('tensorflow-${version}.dist-info/RECORD', '')
with tarfile.open(folder + '/tensorflow-${version}.tar.gz', 'w:gz') as source:
    for name, text in {'setup.py': code, 'PKG-INFO': 'Metadata-Version: 2.1\\nName: tensorflow\\nVersion: ${version}\\n'}.items():
        entry = tarfile.TarInfo('tensorflow-${version}/' + name)
        entry.size = len(text)
        source.addfile(entry, io.BytesIO(text.encode()))
`

let workshop: Workshop
let server: Server
let marker: string
/** What the index offers, and what was fetched of it. */
let offered: readonly string[]
let fetched: string[]

beforeAll(buildPackage)
beforeEach(async () => {
  workshop = new Workshop()
  marker = join(workshop.folder, 'it-ran')
  execFileSync('python3', ['-c', make, workshop.folder, marker, names.library, names.framework])
  const python = `#!/bin/sh\ncase "$1" in -c) echo null ;; *) exec python3 "$@" ;; esac\n`
  writeFileSync(workshop.python, python)
  chmodSync(workshop.python, 0o755)
  fetched = []
  server = createServer((request, response) => {
    const name = request.url!.split('/').at(-1)!
    if (offered.includes(name)) {
      fetched.push(name)
      response.end(readFileSync(join(workshop.folder, name)))
    } else if (request.url!.startsWith('/simple/tensorflow')) {
      response.setHeader('content-type', 'text/html')
      response.end(offered.map((file) => `<a href="/files/${file}">${file}</a>`).join(''))
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(workshop.folder, { recursive: true, force: true })
})

function install(sha256: string) {
  const wheel = { name: 'tensorflow', version, platform: 'any', sha256 }
  const index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`
  return workshop.install(
    {
      PIP_CONFIG_FILE: '/dev/null',
      PIP_INDEX_URL: index,
      PIP_EXTRA_INDEX_URL: '',
      PIP_NO_INDEX: '0',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      no_proxy: '127.0.0.1',
      NO_PROXY: '127.0.0.1',
    },
    { wheels: { wheels: [wheel], downloadBytes: 1, diskBytes: 1 } },
  )
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe.runIf(hasPip)('an index that offers something else', () => {
  it('a tampered wheel is refused by its hash; nothing of it is run, compiled against or kept', async () => {
    offered = [`tensorflow-${version}-py3-none-any.whl`]
    const { message, progress } = await install('0'.repeat(64))
    expect(fetched).toEqual(offered)
    const hash = hashOf(join(workshop.folder, offered[0]!))
    expect(message).toContain(`has SHA-256 ${hash} instead of ${'0'.repeat(64)}`)
    expect(progress).not.toMatch(/extracting|compiling/)
    expect(existsSync(marker)).toBe(false)
    expect(workshop.inCache()).toEqual([])
  })

  it('a source archive is not even fetched, since building it would run it', async () => {
    offered = [`tensorflow-${version}.tar.gz`]
    const { message } = await install(hashOf(join(workshop.folder, offered[0]!)))
    expect(message).toMatch(/^pip could not download tensorflow/)
    expect(fetched).toEqual([])
    expect(existsSync(marker)).toBe(false)
    expect(workshop.inCache()).toEqual([])
  })

  it('the wheel that was pinned is taken apart without running it', async () => {
    offered = [`tensorflow-${version}-py3-none-any.whl`]
    const { message, source } = await install(hashOf(join(workshop.folder, offered[0]!)))
    expect([message, source]).toEqual([undefined, 'wheel'])
    expect(existsSync(marker)).toBe(false)
  })
})
