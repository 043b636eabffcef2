import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import { openRecipeDataset, testManifest } from '@m2l/m2l'
import { writeManifestDigest } from '@m2l/samplers'
import { commonOptions, readWords, runCommand } from '../command-line.js'
import { manifestOf, readPlan, type PlannedResult } from './plan.js'
import { Queue } from './queue.js'
import { recipeOfResult, type QueueFolders } from './queue-folders.js'
import { StageError, StoppedError } from './stage.js'

const usage = `usage: npm run results:run -- --runs FOLDER [--data-root FOLDER] [--only TEXT] [--anew] [--list] [--manifests] [key=value…]

Carries out results/plan.yaml: pretraining, training and evaluation of each result that has no current card, one process
after the other, at low priority. SIGTERM or Ctrl-C finishes the step under way; the same command goes on from there.
  --runs FOLDER       where checkpoints, predictions and logs go
  --data-root FOLDER  holds the images: cifar100, omniglot and flowers89_84, each a folder or a .zip; emoji needs none
  --only TEXT         only results whose name holds the text, for example cifar-fs/M2L
  --anew              train what results/weights has, too
  --list              only tell which results have a current card
  --manifests         only write the manifests that are missing
  key=value           of every recipe, for a trial
Exit codes: 0 done, 1 a process failed, 2 bad input, 130 or 143 interrupted.`

/**
 * Runs `npm run results:run`.
 *
 * @param args the words after the program's name
 * @param root of the repository, which holds `configs` and `results`
 * @param start the folder from which other folders are found
 * @returns the exit code; messages have been printed
 */
export function runQueueCommand(args: readonly string[], root: string, start: string): Promise<number> {
  return runCommand('results', () => carryOutPlan(args, root, start))
}

async function carryOutPlan(args: readonly string[], root: string, start: string): Promise<number> {
  const stopped = new AbortController()
  let exitCode = 143
  const stop = (name: 'SIGINT' | 'SIGTERM') => {
    exitCode = name === 'SIGINT' ? 130 : 143
    stopped.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    const { values, positionals: overrides } = parsed(args)
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    const { runs, only = '', 'data-root': data } = values
    if (runs === undefined) throw new InputError('--runs FOLDER is needed; see npm run results:run -- --help')
    const folders = {
      root,
      runs: resolve(start, runs),
      ...(data !== undefined && { data: resolve(start, data) }),
      overrides,
    }
    const plan = readPlan(join(root, 'results', 'plan.yaml'))
    const chosen = plan.filter(({ id }) => id.includes(only))
    if (chosen.length === 0)
      throw new InputError(`--only ${only}: no result of the plan has this in its name`)
    if (values.manifests) await writeManifests(folders, chosen)
    else {
      const queue = new Queue(folders, plan, say, stopped.signal, { anew: values.anew })
      for (const result of chosen) {
        if (values.list)
          say(`${result.id}: ${(await queue.isCurrent(result)) ? 'its card is current' : 'to do'}`)
        else await queue.carryOut(result)
      }
    }
    return 0
  } catch (error) {
    if (error instanceof StoppedError)
      return complain(`${error.message}; the same command goes on from there`, exitCode)
    if (error instanceof StageError) return complain(error.message, 1)
    throw error
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/**
 * Draws the test episodes of each data set, ways and shots from the first seed of the recipe that comes
 * first.
 */
async function writeManifests(folders: QueueFolders, results: readonly PlannedResult[]): Promise<void> {
  for (const result of results) {
    const name = manifestOf(result.recipe)
    const file = join(folders.root, 'results', name)
    if (existsSync(file)) continue
    const { recipe } = await recipeOfResult(folders, result)
    const dataset = await openRecipeDataset(recipe, ['test'])
    try {
      await writeManifestDigest(file, testManifest(recipe, dataset))
    } finally {
      await dataset.close()
    }
    say(`${name}: written`)
  }
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(0, 19)}Z ${line}\n`)
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`results: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  return exitCode
}

function parsed(args: readonly string[]) {
  const options = {
    runs: { type: 'string' },
    'data-root': { type: 'string' },
    only: { type: 'string' },
    anew: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    manifests: { type: 'boolean', default: false },
    help: commonOptions.help,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, 'see npm run results:run -- --help')
}
