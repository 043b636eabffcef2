import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import spawn, { SubprocessError } from 'nano-spawn'
import { ConsumerFolder } from './consumer-folder.js'
import { packAll } from './pack.js'
import { layers } from './package-layers.js'
import { readmeExample } from './readme-example.js'
import { workspacePackages, workspaceRoot, type WorkspacePackage } from './workspace.js'

/** The checks of one package, in the order in which they run. */
const checks = ['publint', 'types', 'install', 'typescript', 'example'] as const

interface PackageReport {
  readonly package: string
  readonly version: string
  readonly kilobytes: number
  readonly seconds: number
  /** Of each check: passed, failed, or not run because one that it needs had failed. */
  readonly checks: Record<(typeof checks)[number], 'passed' | 'failed' | 'not run'>
  /** What the failed checks said. */
  readonly findings: readonly string[]
}

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, package: { type: 'string', multiple: true } },
})
// The lowest package first, so that installing the next one adds to what is there more than it removes.
const order = Object.keys(layers)
const packages = workspacePackages().toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
const selected = packages.filter(
  ({ id, manifest }) => options.package?.some((name) => name === id || name === manifest.name) ?? true,
)
if (selected.length < (options.package?.length ?? 1)) {
  console.error(`--package: expected names out of ${packages.map(({ id }) => id).join(', ')}`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'm2l-release-check-'))
try {
  const tarballs = await packAll(packages, folder)
  const consumer = new ConsumerFolder(join(folder, 'consumer'), packages, tarballs)
  const reports: PackageReport[] = []
  for (const selectedPackage of selected) {
    if (!options.json) console.error(`checking ${selectedPackage.manifest.name}`)
    reports.push(await checkPackage(selectedPackage, tarballs.get(selectedPackage.manifest.name)!, consumer))
  }
  print(reports)
  process.exitCode = reports.every(({ findings }) => findings.length === 0) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function checkPackage(
  { id, folder: source, manifest }: WorkspacePackage,
  tarball: string,
  consumer: ConsumerFolder,
): Promise<PackageReport> {
  const start = performance.now()
  const report: PackageReport['checks'] = {
    publint: 'not run',
    types: 'not run',
    install: 'not run',
    typescript: 'not run',
    example: 'not run',
  }
  const findings: string[] = []
  const check = async (name: (typeof checks)[number], work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      report[name] = 'passed'
    } catch (error) {
      report[name] = 'failed'
      findings.push(`${manifest.name}: ${name}: ${messageOf(error)}`)
    }
    return report[name] === 'passed'
  }
  const tool = (name: string, ...args: string[]) =>
    spawn(name, [tarball, ...args], { cwd: workspaceRoot, preferLocal: true })

  await check('publint', () => tool('publint', '--strict'))
  await check('types', () => tool('attw', '--profile', 'esm-only', '--format', 'ascii', '--no-color'))
  const example = readmeExample(source)
  if (example === undefined) {
    report.example = 'failed'
    findings.push(
      `${manifest.name}: example: packages/${id}/README.md has no \`\`\`ts fence; expected a short example`,
    )
  } else if (
    (await check('install', () => consumer.install(id))) &&
    (await check('typescript', () => consumer.compile(example)))
  ) {
    await check('example', () => consumer.run())
  }
  return {
    package: manifest.name,
    version: manifest.version,
    kilobytes: Math.ceil(statSync(tarball).size / 1024),
    seconds: Math.round((performance.now() - start) / 100) / 10,
    checks: report,
    findings,
  }
}

function messageOf(error: unknown): string {
  if (error instanceof SubprocessError) return `${error.command} failed\n${error.output}`
  return error instanceof Error ? error.message : String(error)
}

function print(reports: readonly PackageReport[]): void {
  if (options.json) {
    console.log(JSON.stringify({ packages: reports }))
    return
  }
  const table = new Table({ head: ['package', 'kB', ...checks, 's'], style: { head: [], border: [] } })
  for (const { package: name, kilobytes, checks: results, seconds } of reports) {
    table.push([name, kilobytes, ...checks.map((check) => results[check]), seconds])
  }
  for (const { findings } of reports) findings.forEach((finding) => console.log(`${finding}\n`))
  console.log(table.toString())
}
