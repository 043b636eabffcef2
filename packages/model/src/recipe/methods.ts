import type { QueryName, RecipeValues } from './schema.js'
import { refinementFor } from './refinement.js'

/** The levels of a recipe with their options, weights and temperatures. */
export type RecipeLevels = NonNullable<RecipeValues['model']['levels']>

/** What of a recipe its method is made of. */
export type MethodValues = Pick<RecipeValues, 'model' | 'semi'>

/** The published methods by their names under `model.query`: the levels that each stands for. */
export const methods: Readonly<Record<QueryName, (recipe: MethodValues) => RecipeLevels>> = {
  /** Chen et al., "Multi-level Metric Learning for Few-Shot Image Recognition", ICANN 2022. */
  M2L: m2l,
  /** What the published program calls M2L. */
  MML: m2l,
  /** Snell et al., "Prototypical Networks for Few-shot Learning", NIPS 2017. */
  ProtoNet: (recipe) => ({ global: prototypes(recipe, 1, recipe.model.protonet.temperature) }),
  /** Vinyals et al., "Matching Networks for One Shot Learning", NIPS 2016. */
  MatchingNet: ({ model }) => ({
    global: { weight: 1, temperature: 1 / model.matchingnet.temperature, similarity: 'cosine' },
  }),
  /** Sung et al., "Learning to Compare: Relation Network for Few-Shot Learning", CVPR 2018. */
  RelationNet: () => ({ relation: { weight: 1, temperature: 1 } }),
  /**
   * Li et al., "Revisiting Local Descriptor Based Image-to-Class Measure for Few-Shot Learning", CVPR 2019.
   */
  DN4: ({ model }) => ({ pixel: { weight: 1, temperature: model.temperature, neighbours: model.nbnn_topk } }),
  /** After Doersch et al., "CrossTransformers: spatially-aware few-shot transfer", NeurIPS 2020. */
  ST: ({ model }) => ({ alignment: { weight: 1, temperature: model.temperature } }),
  /** Wang et al., "SimpleShot: Revisiting Nearest-Neighbor Classification for Few-Shot Learning", 2019. */
  SimpleShot: () => ({ 'nearest-mean': { ...alone, normalise: 'cl2n' } }),
  /**
   * Tian et al., "Rethinking Few-Shot Image Classification: a Good Embedding Is All You Need?", ECCV 2020.
   */
  RFS: () => ({ logistic: alone }),
  /** Bertinetto et al., "Meta-learning with differentiable closed-form solvers", ICLR 2019. */
  R2D2: () => ({ ridge: alone }),
  /** Lee et al., "Meta-Learning with Differentiable Convex Optimization", CVPR 2019, by ridge regression. */
  'MetaOptNet-RR': () => ({ ridge: { ...alone, variant: 'metaoptnet' } }),
  /**
   * Wang et al., "A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation", ICLR 2024, without text.
   */
  GDA: () => ({ gda: alone }),
  /**
   * Zhang et al., "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification", ECCV 2022,
   * without text.
   */
  'Tip-Adapter': () => ({ cache: alone }),
  /** Huang et al., "LP++: A Surprisingly Strong Linear Probe for Few-Shot CLIP", CVPR 2024, without text. */
  'LP++': () => ({ probe: alone }),
  /**
   * The vote of single examples, as in Vinyals et al., NIPS 2016; `MatchingNet` compares with class means.
   */
  MatchingVote: () => ({ matching: alone }),
}

/** A level that is all of a method, its scores being fit for a softmax as they are. */
const alone = { weight: 1, temperature: 1 }

function m2l(recipe: MethodValues): RecipeLevels {
  return {
    part: { weight: 1, temperature: 1 },
    pixel: { weight: 0.5, temperature: 1, neighbours: recipe.model.nbnn_topk },
    global: prototypes(recipe, 0.5, 64),
  }
}

/** Distances to class means, which unlabelled images refine in a semi-supervised recipe. */
function prototypes(recipe: MethodValues, weight: number, temperature: number): RecipeLevels[string] {
  return { weight, temperature, ...refinementFor(recipe, temperature) }
}

/** The levels that a recipe names, or those of the method that it names. */
export function recipeLevels(recipe: MethodValues): RecipeLevels {
  return recipe.model.levels ?? methods[recipe.model.query](recipe)
}
