import { pretrainRecipe } from '@m2l/m2l'
import type { Command } from 'commander'
import { trainingCommand } from './training-command.js'

export function pretrainCommand(): Command {
  return trainingCommand(
    'pretrain',
    "train a recipe's backbone to classify all training classes, as a start for episodes",
    pretrainRecipe,
  )
}
