import type { NamedTensors, tf } from '@m2l/engine'
import { type EpisodeTensors, type ImageTensors } from '@m2l/model'

/** What of an episode is not in its tensors. */
export interface EpisodeLayout {
  readonly shots: readonly number[]
  /** The numbers of images; no unlabelled ones where it is not given. */
  readonly counts: { readonly support: number; readonly query: number; readonly unlabelled?: number }
}

/** The tensors of an episode by name, as graphs take them. */
export function namedTensors({ support, query, unlabelled, labels }: EpisodeTensors): NamedTensors {
  return {
    ...namedImages('support', support),
    ...namedImages('query', query),
    ...(unlabelled && namedImages('unlabelled', unlabelled)),
    labels,
  }
}

export function layoutOf({ shots, support, query, unlabelled }: EpisodeTensors): EpisodeLayout {
  const counts = { support: support.count, query: query.count }
  return { shots, counts: { ...counts, ...(unlabelled && { unlabelled: unlabelled.count }) } }
}

/** The episode of these tensors and layout. */
export function episodeOf(tensors: NamedTensors, { shots, counts }: EpisodeLayout): EpisodeTensors {
  const { unlabelled } = counts
  return {
    shots,
    support: imagesNamed('support', tensors, counts.support),
    query: imagesNamed('query', tensors, counts.query),
    ...(unlabelled !== undefined && { unlabelled: imagesNamed('unlabelled', tensors, unlabelled) }),
    labels: tensors.labels as tf.Tensor1D,
  }
}

/** The same tensors as `<prefix>.<name>`. */
export function tensorsAs(prefix: string, tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]))
}

/** The tensors `<prefix>.<name>`, as `<name>`. */
export function tensorsWithin(prefix: string, tensors: NamedTensors): NamedTensors {
  const chosen = Object.entries(tensors).filter(([name]) => name.startsWith(`${prefix}.`))
  return Object.fromEntries(chosen.map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]))
}

function namedImages(role: string, { whole, parts }: ImageTensors): NamedTensors {
  return { ...(whole && { [`${role}.whole`]: whole }), ...(parts && { [`${role}.parts`]: parts }) }
}

function imagesNamed(role: string, tensors: NamedTensors, count: number): ImageTensors {
  const whole = tensors[`${role}.whole`] as tf.Tensor4D | undefined
  const parts = tensors[`${role}.parts`] as tf.Tensor4D | undefined
  return { count, ...(whole && { whole }), ...(parts && { parts }) }
}
