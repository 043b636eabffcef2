/** How many blocks the seven stages of a network have. */
const blocksOf: Readonly<Record<string, readonly number[]>> = {
  'EfficientNet-Lite0': [1, 2, 2, 3, 3, 4, 1],
  'EfficientNet-Lite1': [1, 3, 3, 4, 4, 5, 1],
  'EfficientNet-Lite2': [1, 3, 3, 4, 4, 5, 1],
}

const parts: Readonly<Record<string, string>> = {
  _expand_conv: 'expand',
  _bn0: 'expand_bn',
  _depthwise_conv: 'depthwise',
  _bn1: 'depthwise_bn',
  _project_conv: 'project',
  _bn2: 'project_bn',
}

const ends: Readonly<Record<string, string>> = {
  _conv_stem: 'stem.conv',
  _bn0: 'stem.bn',
  _conv_head: 'head.conv',
  _bn1: 'head.bn',
}

/** What is here the name of a tensor; null where there is no use for it, undefined where it is unknown. */
export function liteName(encoder: string, published: string): string | null | undefined {
  if (published.startsWith('_fc.')) return null
  const [, part = '', value = ''] = /^(?:_blocks\.\d+\.)?(\w+)\.(\w+)$/.exec(published) ?? []
  const block = /^_blocks\.(\d+)\./.exec(published)?.[1]
  if (block === undefined) return ends[part] && `${ends[part]}.${value}`
  let index = Number(block)
  for (const [stage, blocks] of blocksOf[encoder]!.entries()) {
    if (index < blocks) return parts[part] && `stage${stage + 1}.${index}.${parts[part]}.${value}`
    index -= blocks
  }
  return undefined
}
