import type { RandomKey } from '@m2l/engine'
import type { Backbone, NormalisationName, PictureInput, ResizeFilter } from '@m2l/nn'
import type { z } from 'zod'

/**
 * How whole pictures are framed: as a `square`, whatever their shape, or resized a little larger and cut to
 * size, at a random place in training and from the middle in evaluation. `square` as a number is how much
 * larger that square is than the input, `shorterSide` how much longer the shorter side is, of pictures that
 * keep their aspect.
 */
export type PictureFrame = 'square' | { readonly square: number } | { readonly shorterSide: number }

/** Means and deviations of the colour channels, in levels from 0 to 255. */
export type LevelStatistics = Pick<PictureInput, 'mean' | 'deviation'>

/** How a backbone is given pictures, unless a recipe says otherwise. */
export interface BackboneInput {
  /** Height and width, in pixels. */
  readonly size: number
  readonly normalisation: NormalisationName | LevelStatistics
  readonly frame: PictureFrame
  /** Bilinear if not given. */
  readonly filter?: ResizeFilter
}

/** What a backbone may depend on when it is created. */
export interface BackboneEnvironment {
  /** The source of its initial weights. */
  readonly key: RandomKey
}

/** How a backbone is found by name, created from options of a recipe, and given pictures. */
export interface BackboneDefinition<Options extends z.ZodObject = z.ZodObject> {
  /** The name under `model.encoder` in a recipe. */
  readonly name: string
  /** What it takes there under `model.encoder_options`. */
  readonly options: Options
  readonly input: BackboneInput
  /**
   * The backbone of which it is another way of training, so that the weights of both mean the same; itself if
   * not given.
   */
  readonly network?: string
  /**
   * What a tensor of weights from elsewhere is called in the state of this backbone.
   *
   * @param published its name in their file, without a beginning such as `module.` or `encoder.`
   * @returns null where there is no use for it, undefined where it is none of this network's
   */
  ownName?(published: string): string | null | undefined
  create(options: z.output<Options>, environment: BackboneEnvironment): Backbone
}

/** Declares a backbone; it only helps TypeScript to infer the type of the options. */
export function defineBackbone<Options extends z.ZodObject>(
  definition: BackboneDefinition<Options>,
): BackboneDefinition<Options> {
  return definition
}
