import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { quietStart } from './quiet-start.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm2l-quiet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/**
 * Writes a library of which only the names matter, each ended by a zero byte as in the table of an ELF file.
 */
const writeLibrary = (...names: string[]) =>
  writeFileSync(join(folder, 'libtensorflow_framework.so'), `\x7fELF\0${names.join('\0')}\0`)

describe.runIf(process.platform === 'linux')('the source that quiets the start', () => {
  it.each([
    '_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE',
    '_ZN4absl12lts_2023080214SetMinLogLevelENS0_18LogSeverityAtLeastE',
    '_ZN4absl14SetMinLogLevelENS_18LogSeverityAtLeastE',
  ])('calls %s where the library exports it', async (symbol) => {
    writeLibrary('TF_Version', symbol, 'TF_NewStatus')
    const { sources, defines, linking } = await quietStart(folder)
    expect(defines).toEqual([`M2L_SET_MIN_LOG_LEVEL=${symbol}`])
    expect(sources.map((source) => existsSync(source))).toEqual([true])
    expect(linking).toEqual(['-Wl,-z,initfirst'])
  })

  it.each([
    ['has no such function', 'TF_Version'],
    ['has one of that name elsewhere', '_ZN4mine14SetMinLogLevelEi'],
  ])('is left out where TensorFlow %s', async (_, symbol) => {
    writeLibrary(symbol, 'TF_NewStatus')
    expect(await quietStart(folder)).toEqual({ sources: [], defines: [], linking: [] })
  })
})
