import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { commonOptions, readWords, runCommand } from '../command-line.js'
import { compare, type Outcome } from './compare.js'
import { makePictures } from './pictures.js'
import { oracleReport, reportJson, reportTable } from './report.js'

const usage = 'usage: npm run oracle -- [--python python3] [--keep FOLDER] [--json]'

const help = `${usage}

Makes pictures of every kind by Python's Pillow and tifffile, decodes them, and compares the pixels with Pillow's.

  --python PYTHON  the interpreter, which has pillow, numpy and tifffile; some kinds need imagecodecs, too (default python3)
  --keep FOLDER    leaves the pictures, and beside each what Pillow reads, in this folder
  --json           one line of JSON on standard output and nothing else
  --help           this text

Exit codes: 0 no picture differs without a reason, 1 one does, 2 the pictures cannot be made.`

/**
 * Compares how pictures are decoded with Pillow, and prints what differs.
 *
 * @param args the words after the program's name
 * @param start the folder from which folders are found
 * @returns the exit code: 0 nothing differs, 1 something does, 2 the pictures cannot be made
 */
export function runOracleCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('oracle', async () => {
    const options = { python: { type: 'string', default: 'python3' }, keep: { type: 'string' }, ...commonOptions } as const // prettier-ignore
    const { values } = readWords({ args: [...args], options }, usage)
    if (values.help) {
      process.stdout.write(`${help}\n`)
      return 0
    }
    const report = await inFolder(values.keep && resolve(start, values.keep), async (folder) => {
      const isPath = values.python.includes('/')
      const list = await makePictures(isPath ? resolve(start, values.python) : values.python, folder)
      const outcomes: Outcome[] = []
      for (const picture of list.pictures) outcomes.push(await compare(folder, picture))
      return oracleReport(list, outcomes)
    })
    process.stdout.write(`${values.json ? reportJson(report) : reportTable(report)}\n`)
    return report.different > 0 ? 1 : 0
  })
}

/** Works in a folder that stays, or in one that is removed. */
async function inFolder<Result>(kept: string | undefined, work: (folder: string) => Promise<Result>) {
  if (kept !== undefined) {
    await mkdir(kept, { recursive: true })
    return work(kept)
  }
  const folder = await mkdtemp(join(tmpdir(), 'm2l-oracle-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
