import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tf, type NamedTensors, type RandomKey } from '@m2l/engine'
import {
  GraphFault,
  seedAt,
  type GraphSession,
  type NativeBackend,
  type NativeTensor,
  type Recording,
} from '@m2l/engine/runtime'
import { makeTemporaryFolder } from '../temporary-folder.js'
import { encodeGraph, names } from './graph-definition.js'

interface SessionBackend extends NativeBackend {
  readonly binding: NativeBackend['binding'] & {
    loadSavedModel(folder: string, tags: string): number
    deleteSavedModel(id: number): void
    runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): NativeTensor[]
  }
}

/** A recording as a graph in a session of TensorFlow. */
export class TensorFlowSession implements GraphSession {
  readonly #recording: Recording
  readonly #backend = tf.backend() as unknown as SessionBackend
  readonly #id: number
  readonly #inputNames: string
  readonly #outputNames: string

  constructor(recording: Recording) {
    this.#recording = recording
    const { inputs, read, seeds, outputs, assigned } = recording
    const inputNodes = [...Object.values(inputs), ...read.map(({ node }) => node)]
    this.#inputNames = [...inputNodes.map(names.node), ...(seeds.length > 0 ? [names.seeds] : [])]
      .map((name) => `${name}:0`)
      .join(',')
    const results = Object.keys(outputs).length + assigned.length
    this.#outputNames = Array.from({ length: results }, (_, index) => `${names.result(index)}:0`).join(',')
    this.#id = ofTensorFlow(() => load(this.#backend, encodeGraph(recording)))
  }

  get recording(): Recording {
    return this.#recording
  }

  run(inputs: NamedTensors, key: RandomKey | undefined): NamedTensors {
    const { inputs: inputNodes, read, seeds, outputs, assigned } = this.#recording
    return tf.tidy(() => {
      const drawn = seeds.flatMap(({ path }) => [...seedAt(key!, path)])
      const fed: tf.Tensor[] = [
        ...Object.keys(inputNodes).map((name) => inputs[name]!),
        ...read.map(({ variable }) => variable),
        ...(seeds.length > 0 ? [tf.tensor2d(drawn, [seeds.length, 2], 'int32')] : []),
      ]
      const ids = this.#backend.getInputTensorIds(fed)
      const { binding } = this.#backend
      const results = ofTensorFlow(() =>
        binding.runSavedModel(this.#id, ids, this.#inputNames, this.#outputNames),
      ).map((tensor) => this.#backend.createOutputTensor(tensor))
      const outputNames = Object.keys(outputs)
      assigned.forEach(({ variable }, index) => variable.assign(results[outputNames.length + index]!))
      return Object.fromEntries(outputNames.map((name, index) => [name, results[index]!]))
    })
  }

  dispose(): void {
    this.#backend.binding.deleteSavedModel(this.#id)
  }
}

function ofTensorFlow<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw new GraphFault(String((error as Error).message).split('\n')[0])
  }
}

/** TensorFlow loads graphs from folders alone; it needs the folder no longer than that. */
function load(backend: SessionBackend, graph: Uint8Array): number {
  const folder = makeTemporaryFolder('m2l-graph-')
  try {
    writeFileSync(join(folder, 'saved_model.pb'), graph)
    return backend.binding.loadSavedModel(folder, 'serve')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
