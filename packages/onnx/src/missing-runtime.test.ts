import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const workspace = fileURLToPath(new URL('../../../', import.meta.url))
const needed = [
  '@m2l/datasets',
  '@m2l/engine',
  '@m2l/engine-native',
  '@m2l/nn',
  '@m2l/pictures',
  'js-yaml',
  'protobufjs',
  'zod',
]

let folder: string

/** The package as compiled, beside all that it needs but ONNX Runtime. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-onnx-missing-'))
  const own = join(folder, 'node_modules/@m2l/onnx')
  await mkdir(own, { recursive: true })
  await cp(join(workspace, 'packages/onnx/package.json'), join(own, 'package.json'))
  await cp(join(workspace, 'packages/onnx/dist'), join(own, 'dist'), { recursive: true })
  for (const name of needed) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(workspace, 'node_modules', name), link)
  }
})

afterAll(() => rm(folder, { recursive: true }))

it('without ONNX Runtime one line says how to install it', async () => {
  const program = join(folder, 'program.mjs')
  await writeFile(
    program,
    `import { onnxEmbedder } from '@m2l/onnx'
const card = { picture: { size: 8, mean: [0, 0, 0], deviation: [255, 255, 255] } }
await onnxEmbedder({ bytes: new Uint8Array(8), card }).catch(({ name, message }) => console.log(name, message))`,
  )
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  expect(stdout).toBe(
    'InputError ONNX networks need ONNX Runtime, which is not installed; install it: npm install --ignore-scripts onnxruntime-node\n',
  )
})
