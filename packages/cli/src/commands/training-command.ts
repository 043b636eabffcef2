import type { Recipe, RecipeRunOptions, TrainingReport } from '@m2l/m2l'
import { Option, type Command } from 'commander'
import { InterruptedError, isInterruption, watchForInterruption } from '../interruption.js'
import { count, percent, seconds } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { profiled } from './profiled.js'
import { resumeCommand } from './resume-command.js'
import { prepareRecipe, recipeCommand, type RecipeCommandOptions } from './recipe-options.js'

interface TrainingCommandOptions extends RecipeCommandOptions {
  readonly resume?: true
  readonly restart?: true
  readonly onNan?: 'stop' | 'skip'
}

/** `m2l pretrain` or `m2l train`: trains, shows progress, and on Ctrl-C saves and says how to go on. */
export function trainingCommand(
  name: string,
  description: string,
  train: (recipe: Recipe, options: RecipeRunOptions) => Promise<TrainingReport>,
): Command {
  return recipeCommand(name, description)
    .addOption(new Option('--resume', 'go on with the run in the run folder').conflicts('restart'))
    .option('--restart', 'throw away the run in the run folder')
    .addOption(
      new Option(
        '--on-nan <what>',
        'where a loss or gradient is not finite: stop, or skip the step (default: run.on_nan of the recipe)',
      ).choices(['stop', 'skip']),
    )
    .action(async (overrides: string[], options: TrainingCommandOptions) => {
      const display = new ProgressDisplay(options)
      const recipe = await prepareRecipe(options, overrides, display)
      const interruption = watchForInterruption(display.say)
      try {
        const report = await profiled(options, display.say, () =>
          train(recipe, {
            existing: options.resume ? 'resume' : options.restart ? 'restart' : undefined,
            onNan: options.onNan,
            force: options.force,
            onNote: (line) => options.quiet || display.say(line),
            onSkip: display.say,
            onDamage: display.say,
            onProgress: display.update,
            onRender: display.rendering,
            onPack: display.packing,
            onPackProblem: display.say,
            onValidation: display.validation,
            signal: interruption.signal,
          }),
        )
        display.close()
        if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
        else if (report.completed) process.stdout.write(`${summary(report)}\n`)
        if (!report.completed) {
          throw new InterruptedError(
            `interrupted after saving; go on with: ${resumeCommand(name, options, overrides)}`,
            interruption.exitCode,
          )
        }
      } catch (error) {
        if (!isInterruption(error, interruption)) throw error
        throw new InterruptedError('interrupted before training began', interruption.exitCode, {
          startsAgain: true,
        })
      } finally {
        display.close()
        interruption.release()
      }
    })
}

function summary({
  bestAccuracy,
  bestEpoch,
  bestCheckpoint,
  validated,
  epochs,
  skipped,
  seconds: duration,
  waiting,
}: TrainingReport): string {
  const leftOut = skipped > 0 ? `, ${count(skipped, 'step')} skipped` : ''
  const done = `${count(epochs, 'epoch')} in ${seconds(duration)}${leftOut}, waiting for pictures ${percent(waiting)} %`
  if (bestAccuracy === null) return done
  return `${done}; best validation accuracy ${percent(bestAccuracy)} % (${validated.text}) after epoch ${bestEpoch}: ${bestCheckpoint}`
}
