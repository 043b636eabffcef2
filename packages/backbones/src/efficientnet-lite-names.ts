import { InputError } from '@m2l/engine'
import type { StoredTensor } from '@m2l/nn'
import { liteStages, type EfficientNetLiteVariant } from './efficientnet-lite.js'

/**
 * Published weights of an EfficientNet-Lite under the names that they have here. They come under those of the Python package
 * `efficientnet_lite_pytorch` (and of EfficientNet-PyTorch, from which it descends): `_conv_stem`, `_bn0`,
 * `_blocks.N._depthwise_conv` … The classifier `_fc` is left out, and so are the counters of the batch norms.
 *
 * @param source names the tensors' file in errors
 * @throws {InputError} when a name is none of that network's
 */
export function publishedLiteWeights(
  variant: EfficientNetLiteVariant,
  tensors: Readonly<Record<string, StoredTensor>>,
  source: string,
): Record<string, StoredTensor> {
  const layers = new Map(layerNames(variant))
  const renamed: Record<string, StoredTensor> = {}
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith('_fc.') || name.endsWith('.num_batches_tracked')) continue
    const end = name.lastIndexOf('.')
    const layer = layers.get(name.slice(0, end))
    if (layer === undefined) {
      throw new InputError(
        `${source}: ${name} is no tensor of EfficientNet-Lite${variant}; give the weights published for it`,
      )
    }
    renamed[`${layer}${name.slice(end)}`] = tensor
  }
  return renamed
}

/** Every layer, published and here. */
function layerNames(variant: EfficientNetLiteVariant): [published: string, name: string][] {
  const blocks = liteStages(variant).flatMap(({ blocks: count, expansion }, index) =>
    Array.from({ length: count }, (_, block) => ({ name: `stage${index + 1}.${block}`, expansion })),
  )
  return [
    ['_conv_stem', 'stem.conv'],
    ['_bn0', 'stem.bn'],
    ...blocks.flatMap(({ name, expansion }, index) => blockNames(`_blocks.${index}`, name, expansion > 1)),
    ['_conv_head', 'head.conv'],
    ['_bn1', 'head.bn'],
  ]
}

function blockNames(published: string, name: string, expands: boolean): [string, string][] {
  const parts: [string, string][] = [
    ['_depthwise_conv', 'depthwise'],
    ['_bn1', 'depthwise_bn'],
    ['_project_conv', 'project'],
    ['_bn2', 'project_bn'],
  ]
  const all: [string, string][] = expands
    ? [['_expand_conv', 'expand'], ['_bn0', 'expand_bn'], ...parts]
    : parts
  return all.map(([of, here]) => [`${published}.${of}`, `${name}.${here}`])
}
