import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FewShotClassifier, showWeights, weightsFile } from '@m2l/m2l'
import { encodeSafetensors } from '@m2l/nn'
import { encodePyTorch } from '@m2l/nn/files'
import { shippedNames } from '@m2l/weights'
import { parsePosition, readCheckpoint, startPosition } from '@m2l/trainer'
import { safetensorsOf, safetensorsParts } from '../containers.js'
import { changed } from '../forms.js'
import type { Reader } from '../reader.js'
import { fewTensors } from './safetensors.js'

/** Checkpoints, ours and others'. */
export const checkpoint: Reader = {
  name: 'checkpoint',
  share: 70,
  async open(folder) {
    const file = join(folder, 'last.safetensors')
    const tensors = Object.fromEntries(
      Object.entries(fewTensors).map(([name, tensor]) => [`model.${name}`, tensor]),
    )
    const history = { losses: [{ epoch: 0.5, steps: 10, lossSum: 3.5 }], epochs: [] }
    const position = JSON.stringify({ ...startPosition, epoch: 1, history })
    const metadata = { format: 'm2l-checkpoint-1', backbone: 'Conv64F', run: 'x', recipe: '{}', position }
    const own = Buffer.from(encodeSafetensors({ tensors, metadata }))
    const { header, data } = safetensorsParts(own)
    return {
      forms: [
        changed([
          own,
          await encodePyTorch(fewTensors),
          Buffer.from(encodeSafetensors({ tensors: fewTensors, metadata: {} })),
        ]),
        changed([header], (part) => safetensorsOf(part, data)),
      ],
      async read(input) {
        writeFileSync(file, input)
        const { position: text } = await readCheckpoint(file)
        parsePosition(file, text)
        await showWeights(file)
      },
    }
  },
}

const picture = { width: 8, height: 8, data: new Uint8Array(192).fill(100) }

/** Saved classes of a classifier. */
export const classes: Reader = {
  name: 'classifier-classes',
  share: 30,
  async open(folder) {
    const file = join(folder, 'classes.safetensors')
    const classifier = await FewShotClassifier.load('emoji-conv64f')
    await classifier.add('ant', [picture])
    await classifier.add('bee', [picture, picture])
    await classifier.save(file)
    const saved = readFileSync(file)
    const { header, data } = safetensorsParts(saved)
    const { classes: labels } = JSON.parse(header.toString()) as {
      classes: { data_offsets: [number, number] }
    }
    const [start, end] = labels.data_offsets
    const withLabels = (part: Buffer) =>
      Buffer.concat([
        data.subarray(0, start),
        part.subarray(0, end - start),
        Buffer.alloc(Math.max(0, end - start - part.length), ' '),
        data.subarray(end),
      ])
    return {
      forms: [
        changed([saved]),
        changed([header], (part) => safetensorsOf(part, data)),
        changed([data.subarray(start, end)], (part) => safetensorsOf(header, withLabels(part))),
      ],
      async read(input) {
        writeFileSync(file, input)
        await classifier.load(file)
        // Some embeddings may have been damaged; what was taken in must be fit for use.
        await classifier.classify([picture])
      },
    } // prettier-ignore
  },
}

/** Weights that say how their model is made. */
export const modelWeights: Reader = {
  name: 'model-weights',
  share: 3,
  async open(folder) {
    const file = join(folder, 'weights.safetensors')
    const shipped = readFileSync(weightsFile(shippedNames[0]!))
    const { header, data } = safetensorsParts(shipped)
    const read = async (input: Buffer) => {
      writeFileSync(file, input)
      const classifier = await FewShotClassifier.load(file)
      classifier.dispose()
    }
    await read(shipped) // the engine takes memory of its own with the first model
    return { forms: [changed([header], (part) => safetensorsOf(part, data))], read }
  },
}
