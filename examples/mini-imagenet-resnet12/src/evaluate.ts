import { evaluateRecipe } from '@m2l/m2l'
import { recipeOf, runOptions } from './recipe-of.js'

console.log(await evaluateRecipe(await recipeOf('M2L_N5K1_R12'), { signal: runOptions().signal! }))
