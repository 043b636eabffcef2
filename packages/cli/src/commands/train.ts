import type { Command } from 'commander'
import { trainingCommand } from './training-command.js'

export function trainCommand(): Command {
  return trainingCommand('train', "train a recipe's model on episodes", async (recipe, options) => {
    const { trainRecipe } = await import('@m2l/m2l')
    return trainRecipe(recipe, options)
  }).addHelpText(
    'after',
    `
Examples:
  m2l train --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml
  m2l train --cfg configs/cifar-fs/M2L_N5K1_R12.yaml data.image_dir=/data/cifar100.zip train.epochs=5
  m2l train --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml --resume    go on after Ctrl-C

Each epoch ends with a validation. The run folder (run.folder, or runs/<data set>/<recipe>) holds best.safetensors,
last.safetensors, record.txt, a page of its curves (report.html) and scalars for TensorBoard.`,
  )
}
