import { backboneNames } from '@m2l/backbones'
import { fusionModes } from '@m2l/metric'
import { normalisationNames } from '@m2l/nn'
import { z } from 'zod'
import { forwardEncodings, meantEncoding } from './forward-encodings.js'

const count = z.int().min(1)
const fraction = z.number().min(0).max(1)
const rate = z.number().gt(0)
const beta = z.number().min(0).lt(1)
const milestones = z.array(z.int().min(0)).default([])

/**
 * The name of a stage; a person who counts stages is told the names that there are, like one who misspells
 * one.
 */
const nameOfStage = z.preprocess((value) => (typeof value === 'number' ? String(value) : value), z.string())

/** What `model.query` may be; `methods` tells what each stands for. */
const queryNames = [
  'M2L',
  'MML',
  'ProtoNet',
  'MatchingNet',
  'RelationNet',
  'DN4',
  'ST',
  'SimpleShot',
  'RFS',
  'R2D2',
  'MetaOptNet-RR',
  'GDA',
  'Tip-Adapter',
  'LP++',
  'MatchingVote',
] as const
export type QueryName = (typeof queryNames)[number]

/** The side of a network's input, in pixels. */
export const imageSizeSchema = z.int().min(16).max(1024)

const perChannel = (value: z.ZodNumber) => z.tuple([value, value, value])

/** A normalisation by its name, or by means and deviations of red, green and blue in levels from 0 to 255. */
export const normalisationSchema = z.union([
  z.enum(normalisationNames),
  z.strictObject({ mean: perChannel(z.number()), deviation: perChannel(rate) }),
])

/** A level's part in the fusion; its other keys are options of the level itself. */
const levelSchema = z.looseObject({
  weight: z.number().min(0).default(1),
  temperature: rate.default(1),
})

/** The encoder where a recipe names none, as in the published program. */
export const usualEncoder = 'FourLayer_64F'

/**
 * The keys of a recipe with their defaults: those of the published program (its YAML files), and beside them
 * `data.dataset`, `data.split`, `data.exclude`, `data.labels`, `data.image_size`, `data.normalisation`,
 * `data.pack`, `model.encoder_options`, `model.parts`, `model.levels`, `model.imports`, `model.fusion`,
 * `model.weights`, `train.frozen_stages`, `pre.smallest_crop`, `run.folder`, `run.keep`,
 * `run.checkpoint_steps` and `run.on_nan`.
 */
export const recipeSchema = recipeSchemaFor(backboneNames)

/** The same where there are other backbones, too. */
export function recipeSchemaFor(encoders: readonly string[]) {
  return z.strictObject({
    seed: z.int().default(1),
    n_way: z.int().min(2).default(5),
    k_shot: count.default(1),
    model: z
      .strictObject({
        encoder: z.enum(encoders as [string, ...string[]]).default(usualEncoder),
        /** Options of the encoder, where it has any. */
        encoder_options: z.record(z.string(), z.unknown()).optional(),
        forward_encoding: z
          .string()
          .regex(forwardEncodings.pattern, {
            error: ({ input }) => `${forwardEncodings.expected}${meantEncoding(String(input))}`,
          })
          .optional(),
        /**
         * What the parts of `Grid-…` are: crops of the image, or averages of its feature map over the same
         * regions.
         */
        parts: z.enum(['image', 'map']).default('image'),
        query: z.enum(queryNames).default('M2L'),
        nbnn_topk: count.default(1),
        temperature: rate.default(1),
        protonet: z.strictObject({ temperature: rate.default(64) }).prefault({}),
        matchingnet: z.strictObject({ temperature: rate.default(32) }).prefault({}),
        /** Levels by name instead of those of `query`. */
        levels: z
          .record(z.string(), levelSchema)
          .refine(
            (levels) => Object.values(levels).some(({ weight }) => weight > 0),
            'at least one level of a weight above 0, for example { pixel: { weight: 1 } }',
          )
          .optional(),
        /** Modules whose default export defines a level or a backbone, relative to the recipe. */
        imports: z.array(z.string()).default([]),
        fusion: z.enum(fusionModes).default('released'),
        /**
         * Whose backbone training starts from: shipped or fetched weights by name, or a checkpoint, ours or
         * PyTorch's, relative to the run folder's parent. Or an ONNX network, relative to the recipe, which
         * is evaluated and not trained.
         */
        weights: z.string().optional(),
      })
      .prefault({}),
    train: z
      .strictObject({
        query_per_class_per_episode: count.default(10),
        episode_per_epoch: count.default(20_000),
        epochs: count.default(30),
        learning_rate: rate.default(0.001),
        lr_decay: rate.default(0.1),
        lr_decay_epoch: count.default(10),
        lr_decay_milestones: milestones,
        adam_betas: z.tuple([beta, beta]).default([0.5, 0.9]),
        sgd_mom: fraction.default(0.9),
        sgd_weight_decay: z.number().min(0).default(5e-4),
        optim: z.enum(['Adam', 'SGD']).default('Adam'),
        batch_size: count.default(4),
        fix_bn: z.boolean().default(false),
        /**
         * The last of the encoder's stages that training leaves as they are, batch norms included; none if
         * not given.
         */
        frozen_stages: nameOfStage.optional(),
        colorjitter: z.boolean().default(false),
      })
      .prefault({}),
    val: z.strictObject({ episode: count.default(1000) }).prefault({}),
    test: z
      .strictObject({
        query_per_class_per_episode: count.default(15),
        episode: count.default(10_000),
        total_testtimes: count.default(1),
        batch_size: count.default(4),
      })
      .prefault({}),
    data: z
      .strictObject({
        root: z.string().optional(),
        image_dir: z.string().optional(),
        /** `emoji` is embedded; every other name only names the results. */
        dataset: z.string().default('images'),
        /** A shipped split or the path of a split file; the folders `train`, `val`, `test` if not given. */
        split: z.string().optional(),
        /** A list of pictures to leave out, as `m2l data check --fix` writes it. */
        exclude: z.string().optional(),
        /**
         * A file of the names by which people know the classes; one among or beside the pictures if not
         * given.
         */
        labels: z.string().optional(),
        /** Those of the encoder if not given. */
        image_size: imageSizeSchema.optional(),
        normalisation: normalisationSchema.optional(),
        /**
         * Whether decoded pictures are kept on the disk: off, auto (in the cache folder, where it pays), or a
         * folder.
         */
        pack: z.string().min(1).default('auto'),
      })
      .prefault({}),
    pre: z
      .strictObject({
        lr: rate.default(0.1),
        lr_decay: rate.default(0.1),
        lr_decay_milestones: z.array(z.int().min(0)).default([100, 200, 250, 300]),
        snapshot_epoch: z.int().min(0).default(200),
        snapshot_interval: count.default(5),
        epochs: count.default(350),
        batch_size: count.default(128),
        colorjitter: z.boolean().default(true),
        val_episode: count.default(200),
        pretrain_num_class: count.default(64),
        /** The least share of a picture's area that a random crop of pretraining shows. */
        smallest_crop: z.number().gt(0).max(1).default(0.08),
      })
      .prefault({}),
    /** Makes a recipe semi-supervised, whichever of its keys are given. */
    semi: z
      .strictObject({
        label_percentage: z.number().gt(0).lt(1).default(0.4),
        with_distractors: z.union([z.literal(0), z.literal(1), z.boolean()]).default(0),
        distractor_class: count.default(5),
        unlabeled_per_task_train: count.default(5),
        unlabeled_per_task_test: count.default(20),
      })
      .optional(),
    run: z
      .strictObject({
        folder: z.string().optional(),
        /**
         * How many checkpoints of a training are kept, the newest among them; the best one is kept in any
         * case.
         */
        keep: count.default(2),
        /** After how many steps of an epoch a checkpoint is saved, beside that at its end. */
        checkpoint_steps: count.default(500),
        /**
         * What training does where a loss or gradient is not finite: stop with its checkpoints as they were,
         * or skip the step.
         */
        on_nan: z.enum(['stop', 'skip']).default('stop'),
      })
      .prefault({}),
  })
}

/** What a recipe says, and the defaults of what it does not say but for those of its encoder. */
export type RecipeValues = z.output<typeof recipeSchema>
