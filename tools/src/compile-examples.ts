import spawn, { SubprocessError } from 'nano-spawn'
import { workspaceRoot } from './workspace.js'

const ofThirdParty = /node_modules\/(?!@m2l\/).*\(\d+,\d+\): error/
const continuation = /^\s/

/**
 * Checks TypeScript modules in `folder` as a strict consumer would and writes their JavaScript beside them.
 * @returns TypeScript's findings, one a line: those in the modules and in our own declarations. Those in
 *   third parties' declarations are left out, since those of TensorFlow.js do not pass (its users set
 *   `skipLibCheck`).
 */
export async function compileExamples(folder: string, files: readonly string[]): Promise<string[]> {
  const options = [
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--rootDir',
    folder,
  ]
  const paths = files.map((file) => `${folder}/${file}`)
  try {
    await spawn('tsc', [...options, '--pretty', 'false', ...paths], { cwd: workspaceRoot, preferLocal: true })
    return []
  } catch (error) {
    if (!(error instanceof SubprocessError) || error.exitCode === undefined) throw error
    return error.output.split('\n').filter((line) => !ofThirdParty.test(line) && !continuation.test(line))
  }
}
