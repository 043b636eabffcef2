import { InputError } from '@m2l/engine'
import { openRegularFile } from '@m2l/engine-native'
import { readModelFile, type ModelFile } from './model-file.js'

/** Protobuf, of which ONNX files are made, ends here. */
const largestFile = 2 ** 31 - 1

/**
 * What an ONNX file says of itself, for who writes its card; nothing of it is run, and ONNX Runtime is not
 * needed.
 *
 * @throws {InputError} when it cannot be read, or is damaged or something else
 */
export async function describeOnnx(file: string): Promise<ModelFile> {
  return readModelFile(await readNetwork(file), file)
}

/**
 * The bytes of an ONNX file.
 *
 * @throws {InputError} when it cannot be read
 */
export async function readNetwork(file: string): Promise<Uint8Array> {
  try {
    const handle = await openRegularFile(file)
    try {
      const { size } = await handle.stat()
      if (size > largestFile) {
        throw new InputError(
          `${file}: has ${size} bytes, more than an ONNX file can have; export it with its weights as external data`,
        )
      }
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`
    throw new InputError(`${file}: expected an ONNX network, but ${reason}`)
  }
}
