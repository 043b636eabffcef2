import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const folder = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string }

export const codeSchema = z.strictObject({
  version: z.string(),
  /** Of the checkout; null where the packages were installed. */
  commit: z.string().nullable(),
  /** Whether packages in the checkout differ from that commit. */
  modified: z.boolean().nullable(),
})

/** Which code runs. */
export type CodeVersion = z.output<typeof codeSchema>

/** The code that runs: its version, and its commit where it runs in a checkout. */
export async function codeVersion(): Promise<CodeVersion> {
  try {
    if ((await git('ls-files', 'package.json')) === '')
      throw new Error('installed within somebody else’s checkout')
    const commit = await git('rev-parse', 'HEAD')
    const changes = await git('status', '--porcelain', '--untracked-files=no', '--', '..')
    return { version, commit, modified: changes !== '' }
  } catch {
    return { version, commit: null, modified: null }
  }
}

async function git(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', folder, ...words])
  return stdout.trim()
}
