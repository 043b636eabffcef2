import { trainRecipe } from '@m2l/m2l'
import { recipeOf, runOptions } from './recipe-of.js'

console.log(await trainRecipe(await recipeOf('M2L_N5K1_R12'), runOptions()))
