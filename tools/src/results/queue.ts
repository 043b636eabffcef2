import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cardOf } from './cards.js'
import { cardIsCurrent, DataHashes, trainingState, type WantedTraining } from './currency.js'
import { areKept, keepWeights, takeWeights } from './kept-weights.js'
import { manifestOf, type PlannedResult, type Precision } from './plan.js'
import { pretrainingOf, recipeOfResult, type QueuedRecipe, type QueueFolders } from './queue-folders.js'
import { runStage } from './stage.js'

export interface QueueOptions {
  /** Whether what `results/weights` has is trained nevertheless. Default: false. */
  readonly anew?: boolean
}

/**
 * Carries out a plan, one process after the other: pretraining, training, evaluation with its card. What has
 * been done is not done again, and what was begun goes on exactly where it was.
 */
export class Queue {
  readonly #folders: QueueFolders
  readonly #plan: readonly PlannedResult[]
  readonly #say: (line: string) => void
  readonly #signal: AbortSignal
  readonly #options: QueueOptions
  readonly #hashes = new DataHashes()

  /** @param say receives a line for each stage */
  constructor(
    folders: QueueFolders,
    plan: readonly PlannedResult[],
    say: (line: string) => void,
    signal: AbortSignal,
    options: QueueOptions = {},
  ) {
    this.#folders = folders
    this.#plan = plan
    this.#say = say
    this.#signal = signal
    this.#options = options
  }

  /** Whether a result has a card of its recipe, data, episodes and training as they are now. */
  async isCurrent(result: PlannedResult): Promise<boolean> {
    const { recipe } = await recipeOfResult(this.#folders, result)
    const splits = await this.#hashes.of(recipe)
    const { precision, weights } = result
    const trained = this.#trainedFor(result)
    return cardIsCurrent(this.#file(cardOf(result.id)), {
      recipe,
      precision: precision.evaluation,
      splits,
      manifest: this.#file(manifestOf(result.recipe)),
      isCompared: result.against !== undefined,
      ...('shipped' in weights && { shipped: weights.shipped }),
      ...(trained && (await this.#wantedTrainings(trained))),
    })
  }

  /**
   * Makes a result's card unless it is current.
   *
   * @throws {InputError} when data or recipes cannot be used
   * @throws {StoppedError} when it was interrupted
   * @throws {StageError} when a process failed
   */
  async carryOut(result: PlannedResult): Promise<void> {
    if (await this.isCurrent(result)) return this.#say(`${result.id}: its card is current`)
    await this.#evaluate(result)
  }

  async #evaluate(result: PlannedResult): Promise<void> {
    const { id, against, weights, precision } = result
    const other = this.#planned(against)
    if (other && !(await this.#hasPredictions(other))) await this.#evaluate(other)
    const trained = this.#trainedFor(result)
    if (trained) await this.#train(trained)
    const queued = await recipeOfResult(this.#folders, result)
    const checkpoint =
      'shipped' in weights ? weights.shipped : join(await this.#folderOf(trained!), 'best.safetensors')
    const card = this.#file(cardOf(id))
    await mkdir(dirname(card), { recursive: true })
    await this.#run('evaluate', queued, precision.evaluation, [
      `--checkpoint=${checkpoint}`,
      `--manifest=${this.#file(manifestOf(result.recipe))}`,
      `--card=${card}`,
      ...('own' in weights ? [] : ['--force']), // other settings than the weights' are what is measured
      ...(other ? ['--against', await this.#folderOf(other)] : []),
    ])
  }

  /**
   * The result that a result's weights are trained for: itself or another; nothing where they are shipped.
   */
  #trainedFor({ id, weights }: PlannedResult): PlannedResult | undefined {
    if ('shipped' in weights) return undefined
    return this.#planned('of' in weights ? weights.of : id)
  }

  async #train(result: PlannedResult): Promise<void> {
    const pretraining = await pretrainingOf(this.#folders, result)
    if (pretraining) await this.#pretrain(pretraining, result)
    const training = await recipeOfResult(this.#folders, result)
    const wanted = {
      ...(await this.#wanted(training, result.precision.training)),
      ...(pretraining && { initialWeights: bestOf(pretraining) }),
    }
    if (this.#isVaried(result)) await this.#trainAndKeep('train', training, wanted)
    else await this.#runTraining('train', training, wanted)
  }

  async #pretrain(pretraining: QueuedRecipe, result: PlannedResult): Promise<void> {
    const wanted = await this.#wanted(pretraining, this.#pretrainingPrecision(result))
    await this.#trainAndKeep('pretrain', pretraining, wanted)
  }

  /** Trains unless weights are kept; what follows begins with the kept ones, whether they are old or new. */
  async #trainAndKeep(
    kind: 'pretrain' | 'train',
    queued: QueuedRecipe,
    wanted: WantedTraining,
  ): Promise<void> {
    const state = await trainingState(wanted)
    if (state === 'none' && !this.#options.anew && (await takeWeights(this.#folders, wanted)))
      return this.#say(`${this.#nameOf(queued)}: its weights are those of results/weights`)
    if (state === 'complete' && (await areKept(this.#folders, wanted))) return
    await this.#runTraining(kind, queued, wanted)
    await keepWeights(this.#folders, wanted)
    await takeWeights(this.#folders, wanted)
  }

  /** Trains what the run folder does not have. */
  async #runTraining(
    kind: 'pretrain' | 'train',
    queued: QueuedRecipe,
    wanted: WantedTraining,
  ): Promise<void> {
    const state = await trainingState(wanted)
    if (state === 'complete') return
    await this.#run(kind, queued, wanted.precision, [state === 'begun' ? '--resume' : '--restart'])
  }

  async #wanted({ recipe }: QueuedRecipe, precision: Precision): Promise<WantedTraining> {
    return { recipe, precision, splits: await this.#hashes.of(recipe) }
  }

  async #wantedTrainings(
    result: PlannedResult,
  ): Promise<{ training: WantedTraining; pretraining?: WantedTraining }> {
    const training = await recipeOfResult(this.#folders, result)
    const pretraining = await pretrainingOf(this.#folders, result)
    return {
      training: await this.#wanted(training, result.precision.training),
      ...(pretraining && {
        pretraining: await this.#wanted(pretraining, this.#pretrainingPrecision(result)),
      }),
    }
  }

  /** Ablations of precision share the pretraining of the recipe that they vary. */
  #pretrainingPrecision(result: PlannedResult) {
    return (this.#planned(result.ablation && result.against) ?? result).precision.training
  }

  /** Whether ablations are of this result. */
  #isVaried({ id }: PlannedResult): boolean {
    return this.#plan.some(({ ablation, against }) => ablation && against === id)
  }

  async #hasPredictions(result: PlannedResult): Promise<boolean> {
    return existsSync(join(await this.#folderOf(result), 'predictions.jsonl'))
  }

  async #folderOf(result: PlannedResult): Promise<string> {
    return (await recipeOfResult(this.#folders, result)).recipe.folder
  }

  #planned(id: string | undefined): PlannedResult | undefined {
    return this.#plan.find((result) => result.id === id)
  }

  #file(name: string): string {
    return join(this.#folders.root, 'results', name)
  }

  async #run(
    command: 'pretrain' | 'train' | 'evaluate',
    queued: QueuedRecipe,
    precision: string,
    options: readonly string[],
  ): Promise<void> {
    const { recipe, file, overrides } = queued
    const words = [command, '--cfg', file, '--precision', precision, ...options, '--', ...overrides]
    const seconds = await runStage(words, `${recipe.folder}.log`, this.#signal)
    this.#say(`${this.#nameOf(queued)}: ${command} ${seconds.toFixed(1)} s`)
  }

  #nameOf({ recipe }: QueuedRecipe): string {
    return recipe.folder.slice(this.#folders.runs.length + 1)
  }
}

function bestOf({ recipe }: QueuedRecipe): string {
  return join(recipe.folder, 'best.safetensors')
}
