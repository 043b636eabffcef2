import { readWords, commonOptions, runCommand } from '../command-line.js'
import { bundlePackage, type Bundle } from './bundle-package.js'
import { classifierEntry, firstAssets } from './classifier-entry.js'

/** A first load of so many bytes takes three seconds at 4 Mbit/s. */
const largestGzip = 1_500_000

const usage = `usage: npm run --silent bundle -- [--json]

Bundles @m2l/classifier for browsers with what a first visit loads beside it: TensorFlow.js's wasm back end and the smallest
shipped weights. Tells its size, and what it imports that only Node.js has.
Exit codes: 0 done, 1 beyond ${largestGzip} bytes of gzip or with an import of Node.js, 2 bad input.`

/**
 * Runs `npm run bundle`.
 *
 * @param args the words after the program's name
 * @returns the exit code; messages have been printed
 */
export function runBundleCommand(args: readonly string[]): Promise<number> {
  return runCommand('bundle', async () => {
    const { values } = readWords({ args: [...args], options: commonOptions }, 'see npm run bundle -- --help')
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    const bundle = await bundlePackage(classifierEntry, await firstAssets())
    process.stdout.write(`${values.json ? JSON.stringify(bundle) : describe(bundle)}\n`)
    const faults = faultsOf(bundle)
    for (const fault of faults) process.stderr.write(`bundle: ${fault}\n`)
    return faults.length === 0 ? 0 : 1
  })
}

/** Why a bundle is not to be published, a line each. */
export function faultsOf({ gzip, nodeImports }: Bundle): string[] {
  return [
    ...nodeImports.map((found) => `imports ${found}, which browsers do not have`),
    ...(gzip > largestGzip ? [`takes ${gzip} bytes of gzip; expected at most ${largestGzip}`] : []),
  ]
}

function describe({ bytes, gzip, files }: Bundle): string {
  const rows = files.map((file) => `${file.name}  ${file.bytes} bytes, ${file.gzip} of gzip`)
  return [...rows, `together  ${bytes} bytes, ${gzip} of gzip`].join('\n')
}
