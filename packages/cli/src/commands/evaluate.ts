import { evaluateRecipe, type EvaluationReport } from '@m2l/m2l'
import type { Command } from 'commander'
import { InterruptedError, watchForInterruption } from '../interruption.js'
import { percent, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'
import { prepareRecipe, recipeCommand, type RecipeCommandOptions } from './recipe-options.js'

interface EvaluateCommandOptions extends RecipeCommandOptions {
  readonly checkpoint?: string
  readonly manifest?: string
}

export function evaluateCommand(): Command {
  return recipeCommand('evaluate', "measure the accuracy of a recipe's model on test episodes")
    .option('-c, --checkpoint <file>', 'the checkpoint (default: best.safetensors of the run folder)')
    .option('--manifest <file>', 'episodes to replay (default: drawn from the seed of the recipe)')
    .action(async (overrides: string[], options: EvaluateCommandOptions) => {
      const recipe = await prepareRecipe(options, overrides)
      const display = new ProgressDisplay(options)
      const interruption = watchForInterruption()
      try {
        const report = await evaluateRecipe(recipe, {
          ...(options.checkpoint !== undefined && { checkpoint: options.checkpoint }),
          ...(options.manifest !== undefined && { manifest: options.manifest }),
          onProgress: display.update,
          onRender: display.rendering,
          signal: interruption.signal,
        })
        display.close()
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${describe(report)}\n`)
      } catch (error) {
        if (!interruption.signal.aborted) throw error
        throw new InterruptedError('interrupted; nothing was written', interruption.exitCode)
      } finally {
        display.close()
        interruption.release()
      }
    })
}

function describe(report: EvaluationReport): string {
  const rows = Object.entries(report.accuracy).map(([name, accuracy]) => [
    name,
    `${percent(accuracy)} ± ${percent(report.interval95[name]!)}`,
  ])
  const { episodes, ways, shots, dataset, split, seconds: duration, result, manifest } = report
  return [
    table(['level', 'accuracy'], rows),
    `${episodes} ${ways}-way ${shots}-shot episodes of ${dataset} (${split}) in ${seconds(duration)}; ± is the 95 % interval`,
    `result    ${result}`,
    `episodes  ${manifest}`,
  ].join('\n')
}
