import { count, InputError, sha256 } from '@m2l/engine'
import {
  checkFilled,
  elementsOf,
  elementTypes,
  typeOf,
  type ElementTypeName,
  type StoredTensor,
} from './stored-tensor.js'

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: Readonly<Record<string, StoredTensor>>
  /** Free texts, without the checksum. */
  readonly metadata: Readonly<Record<string, string>>
}

interface Entry {
  readonly name: string
  readonly dtype: ElementTypeName
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

const lengthBytes = 8
const largestHeader = 100_000_000
const metadataKey = '__metadata__'
const checksumKey = 'sha256'
const headerChecksumKey = 'header_sha256'

/**
 * The bytes of a safetensors file (https://github.com/huggingface/safetensors, "Format"), with the SHA-256 of
 * the tensors' bytes under `sha256` in its metadata, and that of the rest of the header under
 * `header_sha256`.
 *
 * @throws {RangeError} when a tensor's values do not fill its shape
 */
export function encodeSafetensors({ tensors, metadata }: SafetensorsContent): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = []
  const chunks: Uint8Array[] = []
  let end = 0
  for (const [name, tensor] of widestFirst(tensors)) {
    checkFilled(name, tensor)
    const { shape, data } = tensor
    const begin = end
    end += data.byteLength
    header.push([name, { dtype: typeOf(data), shape, data_offsets: [begin, end] }])
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return joined([encodeHeader(Object.fromEntries(header), metadata, sha256(...chunks)), ...chunks])
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/**
 * What stands before the tensors' bytes: the header's length, and the header with its checksums.
 *
 * @param tensors type, shape and place of each tensor, in the order of their places
 * @param checksum of the tensors' bytes
 * @param size of all of it in bytes; as small as can be if not given
 * @throws {RangeError} when it does not fit
 */
export function encodeHeader(
  tensors: Readonly<Record<string, unknown>>,
  metadata: SafetensorsContent['metadata'],
  checksum: string,
  size?: number,
): Uint8Array {
  const ofFile = { ...metadata, [checksumKey]: checksum }
  const headerChecksum = checksumOfHeader({ ...tensors, [metadataKey]: ofFile })
  const whole = { ...tensors, [metadataKey]: { ...ofFile, [headerChecksumKey]: headerChecksum } }
  const text = utf8(JSON.stringify(whole))
  const smallest = lengthBytes + Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(size ?? smallest).fill(space)
  if (bytes.length < smallest) throw new RangeError(`a header takes ${smallest} bytes, not ${bytes.length}`)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - lengthBytes), true)
  bytes.set(text, lengthBytes)
  return bytes
}

const space = 0x20

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/**
 * Reads the bytes of a safetensors file. Values are views of `bytes` where their type and alignment allow;
 * half precision, bfloat16 and double become single precision, small integers become 32-bit ones.
 *
 * @param source names the file in errors
 * @throws {InputError} when the bytes are not a whole, consistent file or its checksum differs
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): SafetensorsContent {
  const fail = (problem: string): never => {
    throw new InputError(`${source}: not a valid safetensors file: ${problem}; save or copy it again`, {
      code: 'weights',
    })
  }
  if (bytes.length < lengthBytes)
    fail(`it has ${count(bytes.length, 'byte')}, fewer than the header's length takes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > largestHeader || headerLength > bytes.length - lengthBytes) {
    fail(
      `it announces a header of ${count(headerLength, 'byte')}, but has ${count(bytes.length, 'byte')} in all`,
    )
  }
  const data = bytes.subarray(lengthBytes + headerLength)
  const header = parseHeader(bytes.subarray(lengthBytes, lengthBytes + headerLength), fail)
  const { [metadataKey]: ownMetadata = {}, ...described } = header
  const entries = Object.entries(described).map(([name, value]) => parseEntry(name, value, fail))
  checkCoverage(entries, data.length, fail)
  const { [headerChecksumKey]: headerChecksum, ...ofFile } = parseMetadata(ownMetadata, fail)
  if (
    headerChecksum !== undefined &&
    headerChecksum !== checksumOfHeader({ ...header, [metadataKey]: ofFile })
  ) {
    fail('its header does not match its checksum')
  }
  const { [checksumKey]: checksum, ...metadata } = ofFile
  if (checksum !== undefined && checksum !== sha256(data)) {
    fail('its tensors do not match their checksum')
  }
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => [
    name,
    { shape, data: elementTypes[dtype].read(data.subarray(begin, end)), dtype: elementTypes[dtype].name },
  ])
  return { tensors: Object.fromEntries(tensors), metadata }
}

/** @param header without the checksum itself */
function checksumOfHeader(header: Readonly<Record<string, unknown>>): string {
  return sha256(utf8(JSON.stringify(header)))
}

type Fail = (problem: string) => never

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fail('its header is not JSON')
  }
  return isRecord(header) ? header : fail('its header is not a JSON object')
}

function parseMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (!isRecord(metadata)) return fail(`its ${metadataKey} is not a JSON object`)
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') fail(`its metadata ${JSON.stringify(key)} is not a text`)
  }
  return metadata as Record<string, string>
}

function parseEntry(name: string, value: unknown, fail: Fail): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  if (!isElementType(dtype)) return fail(`tensor ${name} has the unsupported type ${shown(dtype)}`)
  if (!isCounts(shape)) return fail(`tensor ${name} has the impossible shape ${shown(shape)}`)
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    return fail(`tensor ${name} has the impossible offsets ${shown(offsets)}`)
  }
  const [begin, end] = offsets as [number, number]
  if (elementsOf(shape) * elementTypes[dtype].bytes !== end - begin) {
    fail(`tensor ${name} of type ${dtype} and shape [${shape}] does not fill bytes ${begin} to ${end}`)
  }
  return { name, dtype, shape, begin, end }
}

/** The tensors must cover the data without gap or overlap. */
function checkCoverage(entries: readonly Entry[], length: number, fail: Fail): void {
  let covered = 0
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered)
      fail(`tensor ${name} starts at byte ${begin}, but the one before ends at ${covered}`)
    covered = end
  }
  if (covered !== length) fail(`its tensors take ${count(covered, 'byte')}, but ${length} follow the header`)
}

/** So that every tensor is aligned to its own width. */
function widestFirst(tensors: SafetensorsContent['tensors']): [string, StoredTensor][] {
  return Object.entries(tensors).toSorted(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
  )
}

function isElementType(value: unknown): value is ElementTypeName {
  return typeof value === 'string' && Object.hasOwn(elementTypes, value)
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value of a header in a message, by its beginning; brackets in brackets may be too deep for JSON. */
function shown(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value) as string | undefined
    return text !== undefined && text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
  } catch {
    return 'that is nested too deeply'
  }
}

const longestShown = 200
