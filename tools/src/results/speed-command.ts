import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { engineStatus, enginePrecision, InputError, loadEngine } from '@m2l/engine'
import { pretrainRecipe, readRecipe, trainRecipe } from '@m2l/m2l'
import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'
import { instant, StepClock } from './step-clock.js'

const usage = `usage: npm run speed -- --cfg FILE [--steps 300] [--precision f32] [--threads N] [--json] [key=value…]

Trains a recipe, pretraining where its name begins so, for so many steps on its real data, and tells how fast that is, how much
memory it takes, and how long the whole recipe would take at that speed, validations left out. Keeps nothing.
Exit codes: 0 done, 2 bad input.`

/** How fast a recipe trains. */
interface RecipeSpeed {
  readonly recipe: string
  readonly precision: string
  readonly threads: number
  readonly steps: number
  readonly secondsPerStep: number
  /** Of all threads together. */
  readonly cpuSecondsPerStep: number
  readonly peakMib: number
  /** Of the whole recipe. */
  readonly recipeSteps: number
  readonly recipeHours: number
}

/**
 * Runs `npm run speed`.
 *
 * @param args the words after the program's name
 * @param start the folder from which files are found
 * @returns the exit code; messages have been printed
 */
export function runSpeedCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('speed', async () => {
    const { values, positionals } = parsed(args)
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    const runs = await mkdtemp(join(tmpdir(), 'm2l-speed-'))
    try {
      const speed = await measureSpeed(values, positionals, start, runs)
      process.stdout.write(`${values.json ? JSON.stringify(speed) : describe(speed)}\n`)
      return 0
    } finally {
      await rm(runs, { recursive: true, force: true })
    }
  })
}

async function measureSpeed(
  options: ReturnType<typeof parsed>['values'],
  overrides: readonly string[],
  start: string,
  runs: string,
): Promise<RecipeSpeed> {
  if (options.cfg === undefined) throw new InputError('--cfg FILE is needed; see npm run speed -- --help')
  const wanted = wholeNumber('--steps', options.steps)
  const file = resolve(start, options.cfg)
  const isPretraining = basename(file).startsWith('pretrain')
  const recipe = await readRecipe(file, [
    'model.weights=null',
    `run.folder=${JSON.stringify(runs)}`,
    ...overrides,
  ])
  const { precision } = options
  if (precision !== 'f32' && precision !== 'bf16')
    throw new InputError(`--precision is ${precision}; expected f32 or bf16`)
  await loadEngine({
    device: 'cpu',
    threads:
      options.threads === undefined ? availableParallelism() : wholeNumber('--threads', options.threads),
    precision,
  })
  const clock = new StepClock()
  const enough = new AbortController()
  await (isPretraining ? pretrainRecipe : trainRecipe)(recipe, {
    onProgress: (progress) => {
      clock.report(progress, instant())
      if (clock.counted >= wanted) enough.abort()
    },
    signal: enough.signal,
  })
  if (clock.counted === 0) throw new InputError(`${file}: has too few steps to measure; take more epochs`)
  const { secondsPerStep, cpuSecondsPerStep, counted, perEpoch } = clock
  const unitsPerStep = isPretraining ? 1 : recipe.train.batch_size
  const epochs = isPretraining ? recipe.pre.epochs : recipe.train.epochs
  const recipeSteps = Math.ceil(perEpoch / unitsPerStep) * epochs
  const { threads } = await engineStatus()
  return {
    recipe: recipe.name,
    precision: enginePrecision(),
    threads,
    steps: counted,
    secondsPerStep: Number(secondsPerStep.toPrecision(4)),
    cpuSecondsPerStep: Number(cpuSecondsPerStep.toPrecision(4)),
    peakMib: Math.round(process.resourceUsage().maxRSS / 1024),
    recipeSteps,
    recipeHours: Number(((recipeSteps * secondsPerStep) / 3600).toPrecision(3)),
  }
}

function describe(speed: RecipeSpeed): string {
  const {
    recipe,
    precision,
    threads,
    steps,
    secondsPerStep,
    cpuSecondsPerStep,
    peakMib,
    recipeSteps,
    recipeHours,
  } = speed
  return `${recipe}, ${precision}, ${threads} threads: ${secondsPerStep} s a step (${cpuSecondsPerStep} s of processors) over ${steps} steps, peak ${peakMib} MiB; the recipe's ${recipeSteps} steps take ${recipeHours} hours at this speed`
}

function parsed(args: readonly string[]) {
  const options = {
    cfg: { type: 'string' },
    steps: { type: 'string', default: '300' },
    precision: { type: 'string', default: 'f32' },
    threads: { type: 'string' },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, 'see npm run speed -- --help')
}
