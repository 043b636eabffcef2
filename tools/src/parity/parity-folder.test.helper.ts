import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { capturedOutput, type CapturedOutput } from '../captured-output.test.helper.js'
import { runParityCommand } from './command.js'

export const publicFolder = fileURLToPath(new URL('../../parity/public', import.meta.url))

export type CaseSettings = Record<string, unknown> & { case: string; kind: string }

export interface Cases {
  salt: string
  cases: CaseSettings[]
}

const folders: string[] = []

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** An empty folder, removed after the tests. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-parity-'))
  folders.push(folder)
  return folder
}

/** A copy of the public folder with the cases of these names only, their settings changed by `change`. */
export async function copyOfPublic(
  names: readonly string[],
  change: (cases: Cases) => unknown = () => undefined,
): Promise<string> {
  const folder = await emptyFolder()
  await cp(publicFolder, folder, { recursive: true })
  const content = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Cases
  const chosen = { ...content, cases: content.cases.filter((one) => names.includes(one.case)) }
  change(chosen)
  await writeFile(join(folder, 'cases.json'), JSON.stringify(chosen))
  return folder
}

/** Runs the command within this process; only one at a time. */
export function parity(...args: string[]): Promise<CapturedOutput> {
  return capturedOutput(() => runParityCommand(args, process.cwd()))
}
