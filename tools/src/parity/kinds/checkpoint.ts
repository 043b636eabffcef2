import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBackbone } from '@m2l/backbones'
import { randomKey } from '@m2l/engine'
import { loadWeights, savePyTorch, saveSafetensors, type Weights } from '@m2l/nn/files'
import { z } from 'zod'
import { GeneratedInputs } from '../generated-inputs.js'
import { generatedEncoder } from '../generated-state.js'
import { numbersOfStored, type NamedNumbers, type Numbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'
import { encoderName } from './encoder.js'

const settings = z.strictObject({
  encoder: encoderName,
  files: z.array(z.string()).min(1),
  epoch: z.int(),
  rtol: z.number().min(0),
})

/**
 * PyTorch checkpoints of a generated encoder: as they are read, and as they are after being written in either
 * format.
 */
export const checkpointKind = defineKind({
  settings,
  async prepare({ encoder, files, epoch, rtol }, folder) {
    for (const file of files) await folder.bytes(file)
    const weights = generatedWeights(encoder, folder.salt)
    const wanted = { ...weights, epoch: scalar(epoch), tensors: scalar(countInFile(weights)) }
    return {
      expected: await gathered(files, () => ({ read: wanted, pth: wanted, safetensors: wanted })),
      tolerance: relativeTolerance(rtol),
      exact: true,
      compute: () =>
        gathered(files, async (file) => {
          const content = await loadWeights(folder.file(file))
          const [pth, safetensors] = await writtenAndRead(content)
          return { read: numbersIn(content), pth: numbersIn(pth), safetensors: numbersIn(safetensors) }
        }),
    }
  },
})

type Forms = Readonly<Record<'read' | 'pth' | 'safetensors', NamedNumbers>>

/** The numbers of each file in each form. */
async function gathered(
  files: readonly string[],
  formsOf: (file: string) => Forms | Promise<Forms>,
): Promise<NamedNumbers> {
  const all: Record<string, Numbers> = {}
  for (const file of files) {
    for (const [form, named] of Object.entries(await formsOf(file))) {
      for (const [name, numbers] of Object.entries(named)) all[`${file}, ${form}: ${name}`] = numbers
    }
  }
  return all
}

function generatedWeights(encoder: string, salt: string): NamedNumbers {
  const backbone = createBackbone(encoder, randomKey(0))
  const tensors = Object.entries(generatedEncoder(new GeneratedInputs(salt), backbone))
  backbone.dispose()
  return Object.fromEntries(tensors.map(([name, tensor]) => [`encoder.${name}`, numbersOfStored(tensor)]))
}

/** PyTorch also saves how many batches each batch norm has seen. */
function countInFile(weights: NamedNumbers): number {
  const names = Object.keys(weights)
  return names.length + names.filter((name) => name.endsWith('running_mean')).length
}

function numbersIn({ tensors, metadata }: Weights): NamedNumbers {
  const stored = Object.entries(tensors).map(([name, tensor]) => [name, numbersOfStored(tensor)])
  const count = scalar(Object.keys(tensors).length)
  return { ...Object.fromEntries(stored), epoch: scalar(Number(metadata.epoch)), tensors: count }
}

/** The same content after a round trip through files of either format. */
async function writtenAndRead({ tensors, metadata, under }: Weights): Promise<[Weights, Weights]> {
  const folder = await mkdtemp(join(tmpdir(), 'm2l-parity-'))
  const [pth, safetensors] = [join(folder, 'weights.pth'), join(folder, 'weights.safetensors')]
  try {
    await savePyTorch(pth, tensors, { under, entries: metadata })
    await saveSafetensors(safetensors, tensors, metadata)
    return [await loadWeights(pth), await loadWeights(safetensors)]
  } finally {
    await rm(folder, { recursive: true })
  }
}

function scalar(value: number): Numbers {
  return { shape: [], data: [value] }
}
