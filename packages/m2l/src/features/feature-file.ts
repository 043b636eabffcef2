import type { FeatureRange, FeatureSet } from '@m2l/classifier'
import { areFinite, count, InputError } from '@m2l/engine'
import type { StoredTensor } from '@m2l/nn'
import { loadSafetensors } from '@m2l/nn/files'
import type { EmbeddedField } from '@m2l/model'
import { z } from 'zod'

/** Whether a path is taken for a file of features: by its ending. */
export function isFeatureFile(path: string): boolean {
  return /\.safetensors$/i.test(path)
}

/** A list as a tensor of a feature file: JSON in UTF-8. */
export function textTensor(list: readonly (string | null)[]): StoredTensor & { readonly data: Uint8Array } {
  const data = new TextEncoder().encode(JSON.stringify(list))
  return { shape: [data.length], data }
}

/** Of larger numbers single precision does not hold the squares, by which they are compared. */
const largest = 1e15

const namesSchema = z.array(z.string().min(1))
const labelsSchema = z.array(z.string().min(1).nullable())

/**
 * Reads a file of features, whoever made it: a safetensors file with `features` [pictures, channels] or
 * [pictures, height, width, channels], of float32 or float16, `names` and, as far as they are known,
 * `labels`, both lists of texts as JSON in UTF-8 in a tensor of uint8. Its metadata may say the `model` by
 * its fingerprint, its `weights`, and the `ranges` of channels that are of different stages of the network.
 *
 * @throws {InputError} when it cannot be read, is damaged or something else, numbers are not finite or very
 *   large, or names and labels do not belong to the features
 */
export async function readFeatures(file: string): Promise<FeatureSet> {
  const { tensors, metadata } = await loadSafetensors(file)
  const map = mapOf(file, tensors)
  const pictures = map.shape[0]!
  const names = listOf(file, 'names', tensors.names, namesSchema)
  if (!names) throw new InputError(`${file}: has no names of its pictures; ${layout}`)
  const labels = (listOf(file, 'labels', tensors.labels, labelsSchema) ?? names.map(() => null)).map(
    (label) => label?.normalize('NFC') ?? null,
  )
  for (const [what, list] of Object.entries({ names, labels })) {
    if (list.length === pictures) continue
    throw new InputError(
      `${file}: has ${list.length} ${what} for features of ${count(pictures, 'picture')}; expected one for each`,
    )
  }
  requireOneLabelEach(file, names, labels)
  const width = map.data.length / pictures
  for (const [index, name] of names.entries()) {
    const features = map.data.subarray(index * width, (index + 1) * width)
    if (!areFinite(features)) {
      throw new InputError(`${file}: the features of ${name} are not finite numbers; make them anew`)
    }
    const most = features.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0)
    if (most > largest) {
      throw new InputError(
        `${file}: the features of ${name} reach ${most.toExponential(1)}, whose square numbers of 32 bits do not hold; expected ${largest.toExponential()} at the most, so scale them`,
      )
    }
  }
  const { model, weights, ranges } = metadata
  return {
    source: file,
    map,
    names,
    labels,
    ranges: ranges === undefined ? undefined : rangesOf(file, ranges, map.shape.at(-1)!),
    model,
    weights,
  }
}

const layout =
  'expected a file of features as m2l embed writes it, with the tensors features, names and labels'

function mapOf(file: string, tensors: Readonly<Record<string, StoredTensor>>): EmbeddedField {
  const { features } = tensors
  if (!features) {
    const found = Object.keys(tensors).slice(0, 5).join(', ')
    throw new InputError(`${file}: has no tensor features, but ${found || 'none at all'}; ${layout}`)
  }
  const { shape, data, dtype } = features
  if (!(data instanceof Float32Array) || (dtype !== 'float32' && dtype !== 'float16')) {
    throw new InputError(`${file}: its features are of type ${dtype}; expected float32 or float16`)
  }
  if ((shape.length !== 2 && shape.length !== 4) || shape.some((side) => side < 1)) {
    throw new InputError(
      `${file}: its features are [${shape.join(', ')}]; expected [pictures, channels] or [pictures, height, width, channels], none of them 0`,
    )
  }
  return { shape: shape.length === 4 ? shape : [shape[0]!, 1, 1, shape[1]!], data }
}

const rangesSchema = z
  .array(z.strictObject({ name: z.string().min(1), channels: z.tuple([z.int().min(0), z.int().min(1)]) }))
  .min(1)

/** @throws {InputError} when they do not cover the channels one after the other */
function rangesOf(file: string, text: string, channels: number): FeatureRange[] {
  const parsed = rangesSchema.safeParse(jsonOrNone(text))
  const ends = parsed.data?.map(({ channels: [, end] }) => end) ?? []
  const isWhole = parsed.data?.every(({ channels: [start, end] }, index) => {
    return start === (index === 0 ? 0 : ends[index - 1]) && end > start
  })
  const isNamed = new Set(parsed.data?.map(({ name }) => name)).size === ends.length
  if (parsed.success && isWhole && isNamed && ends.at(-1) === channels) return parsed.data
  throw new InputError(
    `${file}: its ranges do not divide its ${count(channels, 'channel')}; leave them out of the metadata, or write the file anew`,
  )
}

function jsonOrNone(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listOf<Text extends string | null>(
  file: string,
  what: string,
  tensor: StoredTensor | undefined,
  schema: z.ZodType<Text[]>,
): Text[] | undefined {
  if (!tensor) return undefined
  try {
    return schema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(tensor.data as Uint8Array)),
    )
  } catch {
    throw new InputError(
      `${file}: its ${what} are no JSON list of texts in UTF-8, in a tensor of uint8; write them so, see the README of @m2l/m2l`,
    )
  }
}

/** @throws {InputError} when a name has two labels */
function requireOneLabelEach(
  file: string,
  names: readonly string[],
  labels: readonly (string | null)[],
): void {
  const labelOf = new Map<string, string | null>()
  for (const [index, name] of names.entries()) {
    const [label, before] = [labels[index]!, labelOf.get(name)]
    if (before !== undefined && before !== label) {
      throw new InputError(
        `${file}: ${name} has two labels, ${before ?? 'none'} and ${label ?? 'none'}; leave one, or give each picture a name of its own`,
      )
    }
    labelOf.set(name, label)
  }
}
