import { pretrainRecipe } from '@m2l/m2l'
import { recipeOf, runOptions } from './recipe-of.js'

console.log(await pretrainRecipe(await recipeOf('pretrain_R12'), runOptions()))
