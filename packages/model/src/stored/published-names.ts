import type { CheckedRecipe } from '../recipe/check-recipe.js'

/**
 * What the published program calls parts of a model, and what they are called here: beginnings of names. Null
 * where the other side has no such part. The first row that fits counts, so that the encoder's own names come
 * last.
 */
const table: readonly { readonly published: string | null; readonly own: string | null }[] = [
  { published: null, own: 'encoder.batches_seen' }, // there, no part of the state dict
  { published: 'encoder.', own: 'encoder.' },
  { published: 'query.graph_func.', own: 'part.graph.' },
  { published: 'query.rn.', own: 'relation.' },
  { published: 'query.key_head.', own: 'alignment.key.' },
  { published: 'query.query_head.', own: 'alignment.query.' },
  { published: 'query.value_head.', own: 'alignment.value.' },
  { published: 'query.Norm_layer.', own: null }, // a batch norm that is made and never used
  { published: 'backbone.', own: 'encoder.' }, // usual names of encoders elsewhere
  { published: 'feature_extractor.', own: 'encoder.' },
  { published: 'layer', own: 'encoder.layer' }, // an encoder saved alone
]

/**
 * What is here the name of a tensor of the published program. Names that it does not know stay as they are;
 * `module.` of DataParallel and `fsl.` of the whole model are taken off wherever they stand before a part.
 *
 * @returns null where there is no use for it here
 */
export function ownName(published: string): string | null {
  const name = published.replace(/^(fsl\.|module\.)+/, '').replace(/^(encoder|query)\.(module\.)+/, '$1.')
  const row = table.find((each) => each.published !== null && name.startsWith(each.published))
  if (!row?.published) return name
  return row.own === null ? null : row.own + name.slice(row.published.length)
}

/**
 * What tensors of weights from elsewhere are called here where they are for a recipe: its backbone may know
 * their names itself.
 */
export function namesFor(
  recipe: Pick<CheckedRecipe, 'resolved'> | undefined,
): (published: string) => string | null {
  const definition = recipe?.resolved.backbone.definition
  if (!definition?.ownName) return ownName
  return (published) => {
    const bare = published.replace(/^(fsl\.|module\.|encoder\.|backbone\.|feature_extractor\.)+/, '')
    const own = definition.ownName!(bare)
    return typeof own === 'string' ? `encoder.${own}` : own === null ? null : ownName(published)
  }
}

/**
 * What the published program calls a tensor.
 *
 * @returns null where it has none such in its state dict
 */
export function publishedName(own: string): string | null {
  const row = table.find((each) => each.own !== null && own.startsWith(each.own))
  if (!row?.own) return own
  return row.published === null ? null : row.published + own.slice(row.own.length)
}

/** R12-pre counts batches for its DropBlock, R12 does not; the published program does not save the count. */
export function isDropBlockCounter(name: string): boolean {
  return name.endsWith('batches_seen')
}
