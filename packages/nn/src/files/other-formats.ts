import { InputError } from '@m2l/engine'
import { fromBufferPromise } from 'yauzl'

/** What a file of another format is, and what to do with it. */
interface OtherFormat {
  readonly is: string
  readonly remedy: string
}

const keras =
  'save the PyTorch model as safetensors or with torch.save, or write the arrays with safetensors.numpy.save_file'
const unpack = 'unpack it and name the file of weights in it'
const exported = 'it holds a program; save the weights of the model that it was made of'

const byBeginning: readonly (OtherFormat & {
  readonly begins: string | readonly number[]
  readonly at?: number
})[] = [
  {
    begins: 'version https://git-lfs',
    is: 'a Git LFS pointer, which only names the file',
    remedy: 'fetch the file itself (git lfs pull), or download it',
  },
  { begins: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a], is: 'an HDF5 file, as Keras writes (.h5)', remedy: keras },
  { begins: 'GGUF', is: 'a GGUF file of llama.cpp', remedy: keras },
  { begins: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], is: 'a numpy array (.npy)', remedy: keras },
  { begins: 'TFL3', at: 4, is: 'a TensorFlow Lite model', remedy: exported },
  { begins: [0x12, 1, 0, 0, 0, 0, 0, 0], is: 'a parameter file of MXNet', remedy: keras },
  { begins: [0x1f, 0x8b], is: 'compressed with gzip', remedy: unpack },
  { begins: 'BZh', is: 'compressed with bzip2', remedy: unpack },
  { begins: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'compressed with xz', remedy: unpack },
  { begins: [0x28, 0xb5, 0x2f, 0xfd], is: 'compressed with zstd', remedy: unpack },
  { begins: [0x37, 0x7a, 0xbc, 0xaf], is: 'a 7z archive', remedy: unpack },
  { begins: 'Rar!', is: 'a RAR archive', remedy: unpack },
  {
    begins: 'ustar',
    at: 257,
    is: 'a tar archive, as archives of weights and PyTorch before 0.1.10 are',
    remedy: `${unpack}, or load and save it with a newer PyTorch`,
  },
  { begins: [0x89, 0x50, 0x4e, 0x47], is: 'a PNG picture', remedy: 'name a file of weights' },
  { begins: [0xff, 0xd8, 0xff], is: 'a JPEG picture', remedy: 'name a file of weights' },
  { begins: '%PDF', is: 'a PDF document', remedy: 'name a file of weights' },
  { begins: [0x7f, 0x45, 0x4c, 0x46], is: 'a program or library', remedy: 'name a file of weights' },
]

const unknown: OtherFormat = {
  is: 'its beginning is of no known format',
  remedy: 'copy or download it again, or name another file',
}

const byEnding: readonly (OtherFormat & { readonly ends: RegExp })[] = [
  { ends: /\.onnx$/i, is: 'an ONNX model', remedy: exported },
  { ends: /\.(pb|meta)$/i, is: 'a graph of TensorFlow', remedy: exported },
  {
    ends: /\.(index|data-\d+-of-\d+)$/i,
    is: 'a part of a checkpoint of TensorFlow',
    remedy: 'write its variables with safetensors.numpy.save_file',
  },
  {
    ends: /\.(msgpack|flax)$/i,
    is: 'a checkpoint of Flax',
    remedy: 'write its arrays with safetensors.flax.save_file',
  },
]

/**
 * Says what a file is that is neither of the formats of weights.
 *
 * @throws {InputError} where its content or its name tells; otherwise it may be a damaged safetensors file
 */
export function refuseOtherFormats(bytes: Buffer, file: string): void {
  const found = formatOf(bytes, file)
  if (found)
    throw new InputError(
      `${file}: ${found.is}, not a safetensors file or PyTorch checkpoint; ${found.remedy}`,
      { code: 'weights' },
    )
}

/**
 * Says what a zip archive is that `torch.save` did not write.
 *
 * @throws {InputError} where the names in it tell; a damaged archive is left to its reader
 */
export async function refuseOtherArchives(bytes: Buffer, file: string): Promise<void> {
  if (bytes.toString('latin1', 0, 4) !== 'PK\x03\x04') return
  const names = await namesIn(bytes)
  const found = names && archives.find(({ holds }) => holds(names))
  if (found)
    throw new InputError(
      `${file}: ${found.is}, not a safetensors file or PyTorch checkpoint; ${found.remedy}`,
      { code: 'weights' },
    )
}

const archives: readonly (OtherFormat & { holds(names: readonly string[]): boolean })[] = [
  {
    holds: (names) => names.some((name) => /^[^/]+\/(code\/|constants\.pkl$)/.test(name)),
    is: 'a TorchScript program',
    remedy: 'save its weights alone: torch.save(torch.jit.load(FILE).state_dict(), NEW)',
  },
  {
    holds: (names) => names.length > 0 && names.every((name) => name.endsWith('.npy')),
    is: 'an archive of numpy arrays (.npz)',
    remedy: 'write them with safetensors.numpy.save_file',
  },
  {
    holds: (names) => names.includes('config.json') && names.some((name) => name.endsWith('.h5')),
    is: 'a Keras model',
    remedy: keras,
  },
  {
    holds: (names) => !names.some((name) => /^[^/]+\/data\.pkl$/.test(name)),
    is: 'a zip archive that torch.save did not write',
    remedy: unpack,
  },
]

async function namesIn(bytes: Buffer): Promise<string[] | undefined> {
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, strictFileNames: true })
    const names: string[] = []
    for await (const { fileName } of zip.eachEntry()) names.push(fileName)
    return names
  } catch {
    return undefined
  }
}

function formatOf(bytes: Buffer, file: string): OtherFormat | undefined {
  if (isPlausibleSafetensors(bytes)) return undefined
  if (bytes.length === 0) return { is: 'an empty file (0 bytes)', remedy: 'copy or download it again' }
  const begun = byBeginning.find(({ begins, at = 0 }) =>
    bytes
      .subarray(at, at + begins.length)
      .equals(typeof begins === 'string' ? Buffer.from(begins) : Buffer.from(begins)),
  )
  if (begun) return begun
  if (isBarePickle(bytes)) {
    return {
      is: 'a pickle, but not one of torch.save, which alone is read',
      remedy: 'save its weights so: torch.save(model.state_dict(), FILE)',
    }
  }
  return (
    byEnding.find(({ ends }) => ends.test(file)) ??
    textOf(bytes) ??
    (bytes.length >= 8 && bytes.readBigUInt64LE() < 1n << 32n ? undefined : unknown)
  )
}

/** Whether the length with which a safetensors file begins leads to the brace of its header. */
function isPlausibleSafetensors(bytes: Buffer): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && bytes.readBigUInt64LE() < 1n << 32n
}

/**
 * Whether bytes begin as a pickle of protocol 2 to 5 does, and not as the header of a safetensors file of
 * their size.
 */
function isBarePickle(bytes: Buffer): boolean {
  if (bytes.length < 8 || bytes[0] !== 0x80 || bytes[1]! < 2 || bytes[1]! > 5) return false
  return bytes.readBigUInt64LE() > bytes.length
}

/** How much of a text tells what it is. */
const looked = 512

function textOf(bytes: Buffer): OtherFormat | undefined {
  const text = bytes.toString('utf8', 0, Math.min(bytes.length, looked)).replace(/^\uFEFF/, '')
  const isText = !/[^\P{Cc}\t\n\v\f\r]|\uFFFD./su.test(text)
  if (!isText || text.length < 2) return undefined
  if (/^\s*<(!doctype|html|head|\?xml)/i.test(text)) {
    return {
      is: 'a web page',
      remedy:
        'the download failed or wants a login: open its address in a browser, and download the file itself',
    }
  }
  if (/^\s*[{[]/.test(text))
    return { is: 'a JSON file', remedy: 'name the file of weights that it belongs to' }
  const shown = text.slice(0, 40).replaceAll(/\s+/g, ' ').trim()
  return { is: `a text file (“${shown}…”)`, remedy: 'name a file of weights' }
}
