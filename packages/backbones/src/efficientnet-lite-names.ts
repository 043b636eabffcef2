import { liteStages, type EfficientNetLiteVariant } from './efficientnet-lite.js'

/**
 * What a tensor of published weights is called here. They come under the names of the Python package
 * `efficientnet_lite_pytorch` (and of EfficientNet-PyTorch, from which it descends): `_conv_stem.weight`,
 * `_bn0.bias`, `_blocks.3._depthwise_conv.weight` …
 *
 * @returns null for the classifier `_fc`, which a backbone has no use for; undefined for what is no tensor of
 *   that network
 */
export function liteName(variant: EfficientNetLiteVariant, published: string): string | null | undefined {
  if (published.startsWith('_fc.')) return null
  const [, block, part = '', value = ''] = /^(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)$/.exec(published) ?? []
  const place = block === undefined ? '' : placeOf(variant, Number(block))
  const own = (place === '' ? outsideBlocks : insideBlocks).get(part)
  return place === undefined || own === undefined ? undefined : `${place}${own}.${value}`
}

const outsideBlocks: ReadonlyMap<string, string> = new Map([
  ['_conv_stem', 'stem.conv'],
  ['_bn0', 'stem.bn'],
  ['_conv_head', 'head.conv'],
  ['_bn1', 'head.bn'],
])

const insideBlocks: ReadonlyMap<string, string> = new Map([
  ['_expand_conv', 'expand'],
  ['_bn0', 'expand_bn'],
  ['_depthwise_conv', 'depthwise'],
  ['_bn1', 'depthwise_bn'],
  ['_project_conv', 'project'],
  ['_bn2', 'project_bn'],
])

/** The stage in which a block lies, and where; undefined where there is no such block. */
function placeOf(variant: EfficientNetLiteVariant, block: number): string | undefined {
  let first = 0
  for (const [stage, { blocks }] of liteStages(variant).entries()) {
    if (block < first + blocks) return `stage${stage + 1}.${block - first}.`
    first += blocks
  }
  return undefined
}
