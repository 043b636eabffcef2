import { trainRecipe } from '@m2l/m2l'
import type { Command } from 'commander'
import { trainingCommand } from './training-command.js'

export function trainCommand(): Command {
  return trainingCommand('train', "train a recipe's model on episodes", trainRecipe)
}
