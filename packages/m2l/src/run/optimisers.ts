import { adam, multistepDecay, sgd, stepDecay, type Optimiser, type Schedule, type StateDict } from '@m2l/nn'
import type { Recipe } from '../recipe/read-recipe.js'

/** The optimiser of episodic training. */
export function episodicOptimiser({ train }: Recipe, parameters: StateDict): Optimiser {
  const [beta1, beta2] = train.adam_betas
  if (train.optim === 'Adam') return adam(parameters, { beta1, beta2 })
  return sgd(parameters, { momentum: train.sgd_mom, nesterov: true, weightDecay: train.sgd_weight_decay })
}

/** The learning rates of episodic training: at milestones where the recipe has some, else in equal steps. */
export function episodicSchedule({ train }: Recipe): Schedule {
  const {
    learning_rate: rate,
    lr_decay: decay,
    lr_decay_epoch: every,
    lr_decay_milestones: milestones,
  } = train
  return milestones.length > 0
    ? multistepDecay({ rate, decay, milestones })
    : stepDecay({ rate, decay, every })
}

/** The optimiser of pretraining: SGD with Nesterov momentum .9 and weight decay 5e-4. */
export function pretrainingOptimiser(parameters: StateDict): Optimiser {
  return sgd(parameters, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
}

export function pretrainingSchedule({ pre }: Recipe): Schedule {
  return multistepDecay({ rate: pre.lr, decay: pre.lr_decay, milestones: pre.lr_decay_milestones })
}
