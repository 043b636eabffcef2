import { constants } from 'node:fs'
import { access, cp, mkdir, realpath, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/**
 * A folder that node-gyp accepts as `--nodedir`: the one that npm is configured with, or the one that this Node.js
 * was installed into, or else `folder`, filled with the headers of Node-API from the package node-api-headers.
 * None of them needs the network.
 */
export async function findNodeHeaders(folder: string): Promise<string> {
  const installed = dirname(dirname(await realpath(process.execPath)))
  for (const candidate of [process.env.npm_config_nodedir, installed]) {
    if (candidate && (await isNodeFolder(candidate))) return candidate
  }
  await layOutHeaders(folder)
  return folder
}

async function isNodeFolder(folder: string): Promise<boolean> {
  const needed = ['node_api.h', 'common.gypi', 'config.gypi']
  const found = needed.map((name) => access(join(folder, 'include', 'node', name), constants.R_OK))
  return Promise.all(found).then(
    () => true,
    () => false,
  )
}

/** The binding uses Node-API alone, so the compiler needs no more of Node.js's own settings than these. */
const commonSettings = {
  target_defaults: {
    default_configuration: 'Release',
    configurations: { Release: { cflags: ['-O3'], xcode_settings: { GCC_OPTIMIZATION_LEVEL: '3' } } },
    conditions: [
      ['OS=="linux"', { cflags: ['-fPIC', '-pthread'], cflags_cc: ['-std=gnu++17'], ldflags: ['-pthread'] }],
      [
        'OS=="mac"',
        {
          defines: ['_DARWIN_USE_64_BIT_INODE=1'],
          xcode_settings: {
            CLANG_CXX_LANGUAGE_STANDARD: 'gnu++17',
            CLANG_CXX_LIBRARY: 'libc++',
            MACOSX_DEPLOYMENT_TARGET: '12.0',
          },
        },
      ],
    ],
  },
}

async function layOutHeaders(folder: string): Promise<void> {
  const target = join(folder, 'include', 'node')
  await mkdir(target, { recursive: true })
  await cp(join(dirname(require.resolve('node-api-headers/package.json')), 'include'), target, {
    recursive: true,
  })
  await writeFile(join(target, 'common.gypi'), JSON.stringify(commonSettings))
  await writeFile(join(target, 'config.gypi'), JSON.stringify(process.config))
}
