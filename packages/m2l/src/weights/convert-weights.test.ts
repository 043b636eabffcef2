import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, loadEngine, tf } from '@m2l/engine'
import type { StoredTensor } from '@m2l/nn'
import { loadWeights, savePyTorch } from '@m2l/nn/files'
import { loadBackbone, loadCheckpoint, saveCheckpoint, startPosition } from '@m2l/trainer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { convertWeights, parseRecipe, showWeights } from '../index.js'
import { createModel, type FewShotModel, ownName } from '@m2l/model'

let folder: string
let model: FewShotModel
let other: FewShotModel
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-convert-'))
  model = createModel(parseRecipe(small, 'r.yaml'))
  other = createModel(parseRecipe(small, 'r.yaml', ['seed=2']))
  const position = { ...startPosition, epoch: 4 }
  const optimiser = { step: { value: tf.variable(tf.scalar(3)), trainable: false, layout: 'plain' as const } }
  const description = { backbone: model.backbone.name, run: 'small' }
  await saveCheckpoint(at('own.safetensors'), { model: model.state, description, optimiser, position })
  optimiser.step.value.dispose()
})
afterAll(async () => {
  model.dispose()
  other.dispose()
  await rm(folder, { recursive: true })
})

const small = 'model: { encoder: FourLayer_64F_4x }'
const at = (name: string) => join(folder, name)

const valuesOf = ({ state }: FewShotModel) =>
  Object.fromEntries(Object.entries(state).map(([name, { value }]) => [name, value.dataSync()]))

const zeros = (...shape: number[]): StoredTensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
})

/** What is refused with one line; it is returned. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('not refused'),
    (reason: unknown) => reason,
  )
  if (error instanceof InputError) return error.message
  throw error
}

describe('a checkpoint of training', () => {
  test('goes to PyTorch and back with every bit', async () => {
    const before = tf.memory().numTensors
    expect(await convertWeights(at('own.safetensors'), at('there.pth'))).toEqual({
      input: at('own.safetensors'),
      output: at('there.pth'),
      format: 'pytorch-zip',
      tensors: Object.keys(model.state).length + 5,
    })
    const there = await loadWeights(at('there.pth'))
    expect(there.under).toBe('fsl')
    expect(there.metadata).toEqual({ summary_dir: 'small', episode: 'best', epoch: '4' })
    expect(there.tensors['query.graph_func.gc1.weight']!.shape).toEqual([64, 256])
    expect(there.tensors['query.Norm_layer.running_var']!.data).toEqual(new Float32Array(5).fill(1))
    await convertWeights(at('there.pth'), at('back.safetensors'))
    for (const file of ['there.pth', 'back.safetensors']) {
      await loadCheckpoint(at(file), { model: other.state }, { rename: ownName })
      expect(valuesOf(other)).toEqual(valuesOf(model))
    }
    await convertWeights(at('back.safetensors'), at('again.pth'))
    expect((await loadWeights(at('again.pth'))).tensors).toEqual(there.tensors)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('is loaded by PyTorch, strictly', async () => {
    await convertWeights(at('own.safetensors'), at('strict.pth'), { ways: 3 })
    const python = process.env.M2L_PYTHON ?? 'python3'
    const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0
    const { tensors } = await loadWeights(at('strict.pth'))
    expect(tensors['query.Norm_layer.weight']!.shape).toEqual([3])
    if (!hasTorch) return
    const { status, stdout, stderr } = spawnSync(python, ['-c', strictly, at('strict.pth')], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const sums = Object.entries(tensors).map(([name, { data }]) => [
      name,
      Array.from(data, Number).reduce((a, b) => a + b, 0),
    ])
    const found = JSON.parse(stdout) as Record<string, number>
    for (const [name, sum] of sums) expect(found[name as string]).toBeCloseTo(sum as number, 6)
  })

  test('shows its optimiser as left out', async () => {
    const { tensors, leftOut, metadata, values } = await showWeights(at('own.safetensors'))
    expect(tensors).toHaveLength(Object.keys(model.state).length)
    expect(tensors[0]).toEqual({ name: 'encoder.layer1.0.weight', shape: [64, 3, 3, 3], dtype: 'float32' })
    expect(values).toBe(Object.values(model.state).reduce((sum, { value }) => sum + value.size, 0))
    expect(leftOut).toEqual({ optimiser: 'state of 1' })
    expect(metadata).toMatchObject({ run: 'small', backbone: 'FourLayer_64F_4x' })
  })
})

/** The modules of the published program by name; what they compute plays no part. */
const strictly = `
import json, sys, torch
from torch import nn
block = lambda c: nn.Sequential(nn.Conv2d(c, 64, 3, bias=False), nn.BatchNorm2d(64))
class Layer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(i, o)), nn.Parameter(torch.empty(o))
class Part(nn.Module):
    pass
def part(**modules):
    made = Part()
    for name, module in modules.items():
        setattr(made, name, module)
    return made
fsl = part(
    encoder=part(layer1=block(3), layer2=block(64), layer3=block(64), layer4=block(64)),
    query=part(graph_func=part(gc1=Layer(64, 256), gc2=Layer(256, 64)), Norm_layer=nn.BatchNorm1d(3)),
)
checkpoint = torch.load(sys.argv[1], weights_only=True)
assert checkpoint["epoch"] == 4 and checkpoint["episode"] == "best" and checkpoint["summary_dir"] == "small"
fsl.load_state_dict(checkpoint["fsl"], strict=True)
print(json.dumps({name: tensor.double().sum().item() for name, tensor in fsl.state_dict().items()}))
`

describe('a checkpoint from elsewhere', () => {
  const encoder = async () => {
    const { tensors } = await loadWeights(at('own.safetensors'))
    return Object.entries(tensors).flatMap(([name, tensor]): [string, StoredTensor][] =>
      name.startsWith('model.encoder.') ? [[name.slice('model.encoder.'.length), tensor]] : [],
    )
  }

  test.each([
    ['bare', ''],
    ['as the encoder of a model', 'encoder.'],
    ['of DataParallel', 'module.encoder.module.'],
  ])('gives its encoder to a model: %s', async (_, prefix) => {
    const tensors = (await encoder()).map(([name, tensor]) => [prefix + name, tensor] as const)
    const file = at(`encoder${prefix}pth`)
    await savePyTorch(
      file,
      { ...Object.fromEntries(tensors), 'query.Norm_layer.bias': zeros(5) },
      { under: 'params' },
    )
    await loadBackbone(file, other.backbone.state, { rename: ownName })
    for (const [name, { value }] of Object.entries(other.backbone.state)) {
      expect(value.dataSync()).toEqual(model.backbone.state[name]!.value.dataSync())
    }
    const { leftOut } = await showWeights(file)
    expect(leftOut).toEqual({ 'query.Norm_layer.bias': 'tensor [5] of a part that is never used' })
    expect(await refusal(loadCheckpoint(file, { model: other.state }, { rename: ownName }))).toBe(
      `${file}: holds the weights of an encoder, but none of level part, which the model has too (part.graph.gc1.weight, part.graph.gc1.bias…); train it from them (model.weights=${file}), or choose levels without weights, for example model.query=DN4`,
    )
  })

  test('is the whole of a model without weights of levels', async () => {
    const file = at('whole.pth')
    await savePyTorch(file, Object.fromEntries(await encoder()))
    const plain = createModel(parseRecipe(small, 'r.yaml', ['model.query=DN4', 'seed=3']))
    await loadCheckpoint(file, { model: plain.state }, { rename: ownName })
    expect(Object.values(valuesOf(plain))[0]).toEqual(Object.values(valuesOf(model))[0])
    plain.dispose()
  })

  test('is refused with the names that do not fit', async () => {
    const file = at('misfit.pth')
    const [first, ...rest] = await encoder()
    const tensors = {
      [first![0]]: zeros(2, 2),
      ...Object.fromEntries(rest.slice(1)),
      'layer5.weight': zeros(1),
    }
    await savePyTorch(file, tensors)
    const message = await refusal(loadBackbone(file, other.backbone.state, { rename: ownName }))
    expect(message).toContain(
      '1 missing (layer1.1.weight), 1 unexpected (layer5.weight), 1 misshapen (layer1.0.weight is [2,2] instead of [64,3,3,3])',
    )
  })

  test('is refused when two names mean the same', async () => {
    const file = at('double.pth')
    await savePyTorch(file, { 'layer1.0.weight': zeros(1), 'encoder.layer1.0.weight': zeros(1) })
    expect(await refusal(showWeights(file))).toContain('holds encoder.layer1.0.weight twice')
  })

  test('cannot be gone on from', async () => {
    await convertWeights(at('own.safetensors'), at('resume.pth'))
    const optimiser = {
      step: { value: tf.variable(tf.scalar(3)), trainable: false, layout: 'plain' as const },
    }
    const into = { model: other.state, optimiser }
    expect(await refusal(loadCheckpoint(at('resume.pth'), into, { rename: ownName }))).toContain(
      '1 missing (optimiser.step)',
    )
    optimiser.step.value.dispose()
  })
})

describe('an output', () => {
  test('that exists is replaced only by force', async () => {
    await writeFile(at('there-already.pth'), 'precious')
    const convert = (force: boolean) =>
      convertWeights(at('own.safetensors'), at('there-already.pth'), { force })
    expect(await refusal(convert(false))).toContain('exists already')
    expect(await readFile(at('there-already.pth'), 'utf8')).toBe('precious')
    await convert(true)
    expect((await showWeights(at('there-already.pth'))).format).toBe('pytorch-zip')
  })

  test.each([
    ['own.safetensors', 'is the input itself'],
    ['weights.bin', 'expected a name that ends in .safetensors or .pth'],
    ['missing/weights.pth', 'cannot be written'],
  ])('%s is refused', async (name, message) => {
    expect(await refusal(convertWeights(at('own.safetensors'), at(name), { force: true }))).toContain(message)
  })
})
