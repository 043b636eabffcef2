import type { Command } from 'commander'
import { trainingCommand } from './training-command.js'

export function pretrainCommand(): Command {
  return trainingCommand(
    'pretrain',
    "train a recipe's backbone to classify all training classes, as a start for episodes",
    async (recipe, options) => {
      const { pretrainRecipe } = await import('@m2l/m2l')
      return pretrainRecipe(recipe, options)
    },
  ).addHelpText(
    'after',
    `
Examples:
  m2l pretrain --cfg configs/emoji/pretrain_Conv64F-4x.yaml
  m2l pretrain --cfg configs/emoji/pretrain_Conv64F-4x.yaml pre.epochs=3 --restart

The run folder (run.folder, or runs/<data set>/<recipe>) then holds best.safetensors, from which a recipe with
model.weights starts, and report.html, a page of the curves so far.`,
  )
}
