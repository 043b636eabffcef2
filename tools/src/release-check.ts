import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder } from '@m2l/engine-native'
import Table from 'cli-table3'
import spawn, { SubprocessError } from 'nano-spawn'
import { ConsumerFolder } from './consumer-folder.js'
import { sizeFinding, writeSizes } from './installed-sizes.js'
import { installNodeLines } from './node-lines.js'
import { packAll } from './pack.js'
import { layers } from './package-layers.js'
import { readmeExample } from './readme-example.js'
import { workspacePackages, workspaceRoot, type WorkspacePackage } from './workspace.js'

/**
 * The checks of one package, in the order in which they run; all that install or run something in every
 * Node.js.
 */
const checks = ['publint', 'types', 'install', 'scripts', 'typescript', 'example'] as const

interface PackageReport {
  readonly package: string
  readonly version: string
  /** Of the tarball. */
  readonly kilobytes: number
  /** Of all that is installed with it, in millions of bytes. */
  readonly installedMegabytes: number
  readonly seconds: number
  /** Of each check: passed, failed, or not run because one that it needs had failed. */
  readonly checks: Record<(typeof checks)[number], 'passed' | 'failed' | 'not run'>
  /** What the failed checks said. */
  readonly findings: readonly string[]
}

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    package: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
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
if (options.write && options.package) {
  console.error('--write: the table has every package; leave out --package')
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'm2l-release-check-'))
try {
  const tarballs = await packAll(packages, folder)
  const lines = await installNodeLines(join(folder, 'nodes'))
  const npmConfiguration = (await spawn('npm', ['config', 'get', 'userconfig'], { cwd: folder })).stdout
  const surroundings = { home: join(folder, 'home'), npmConfiguration, cache: cacheFolder() }
  mkdirSync(surroundings.home)
  const consumers = lines.map((node) => ({
    node: `Node.js ${node.version}`,
    consumer: new ConsumerFolder(
      join(folder, `consumer-${node.version}`),
      node,
      surroundings,
      packages,
      tarballs,
    ),
  }))
  const reports: PackageReport[] = []
  for (const selectedPackage of selected) {
    if (!options.json) console.error(`checking ${selectedPackage.manifest.name}`)
    const tarball = tarballs.get(selectedPackage.manifest.name)!
    reports.push(await checkPackage(selectedPackage, tarball, consumers))
  }
  if (options.write) {
    const byName = reports.toSorted((a, b) => (a.package < b.package ? -1 : 1))
    writeSizes(new Map(byName.map((report) => [report.package, report.installedMegabytes])))
  }
  print(
    reports,
    lines.map(({ version }) => version),
  )
  process.exitCode = reports.every(({ findings }) => findings.length === 0) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function checkPackage(
  { id, folder: source, manifest }: WorkspacePackage,
  tarball: string,
  consumers: readonly { readonly node: string; readonly consumer: ConsumerFolder }[],
): Promise<PackageReport> {
  const start = performance.now()
  const report: PackageReport['checks'] = {
    publint: 'not run',
    types: 'not run',
    install: 'not run',
    scripts: 'not run',
    typescript: 'not run',
    example: 'not run',
  }
  const findings: string[] = []
  const check = async (
    name: (typeof checks)[number],
    work: () => unknown,
    where?: string,
  ): Promise<boolean> => {
    try {
      await work()
      if (report[name] === 'not run') report[name] = 'passed'
      return true
    } catch (error) {
      report[name] = 'failed'
      findings.push([manifest.name, name, ...(where ? [where] : []), messageOf(error)].join(': '))
      return false
    }
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
  }
  let installedMegabytes = 0
  let program: string | undefined
  for (const [index, { node, consumer }] of consumers.entries()) {
    // What is installed beside a package must not hide what it lacks; once for each package is enough to see
    // that.
    if (index === 0) consumer.empty()
    if (!(await check('install', () => consumer.install(id), node))) continue
    await check('scripts', () => expectNoScripts(consumer), node)
    if (index === 0) {
      installedMegabytes = Math.round(consumer.installedBytes() / 1e6)
      if (example !== undefined)
        await check('typescript', async () => (program = await consumer.compile(example)))
    }
    if (program !== undefined) await check('example', () => consumer.run(program!), node)
  }
  const finding = report.install === 'passed' ? sizeFinding(manifest.name, installedMegabytes) : undefined
  if (finding !== undefined && !options.write) findings.push(`${manifest.name}: ${finding}`)
  return {
    package: manifest.name,
    version: manifest.version,
    kilobytes: Math.ceil(statSync(tarball).size / 1024),
    installedMegabytes,
    seconds: Math.round((performance.now() - start) / 100) / 10,
    checks: report,
    findings,
  }
}

function expectNoScripts(consumer: ConsumerFolder): void {
  const found = consumer.packagesWithScripts()
  if (found.length > 0) throw new Error(`${found.join(', ')} would run install scripts`)
}

function messageOf(error: unknown): string {
  if (error instanceof SubprocessError) return `${error.command} failed\n${error.output}`
  return error instanceof Error ? error.message : String(error)
}

function print(reports: readonly PackageReport[], nodes: readonly string[]): void {
  if (options.json) {
    console.log(JSON.stringify({ nodes, packages: reports }))
    return
  }
  const head = ['package', 'kB', 'installed MB', ...checks, 's']
  const table = new Table({ head, style: { head: [], border: [] } })
  for (const report of reports) {
    const { package: name, kilobytes, installedMegabytes, checks: results, seconds } = report
    table.push([name, kilobytes, installedMegabytes, ...checks.map((check) => results[check]), seconds])
  }
  for (const { findings } of reports) findings.forEach((finding) => console.log(`${finding}\n`))
  console.log(table.toString())
  console.log(`in Node.js ${nodes.join(', ')}`)
}
