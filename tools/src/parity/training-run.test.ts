import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { saveSafetensors } from '@m2l/nn/files'
import { beforeAll, expect, it } from 'vitest'
import { GeneratedInputs } from './generated-inputs.js'
import type { NamedNumbers } from './numbers.js'
import { emptyFolder } from './parity-folder.test.helper.js'
import { readCases } from './read-cases.js'
import { runCase } from './run-case.js'

const salt = 'a small run'
const settings = {
  case: 'small',
  kind: 'run',
  encoder: 'FourLayer_64F_4x',
  size: 16,
  way: 2,
  shot: 2,
  query: 1,
  parts: 3,
  graph: 'class',
  graph_dropout: 0,
  lr: 0.01,
  steps: 2,
  forward_order: ['support_parts', 'query_parts', 'support', 'query'],
  losses: [0, 0],
  rtol: 0.002,
}
let numbers: NamedNumbers

/** A folder with one run, whose numbers are our own, and the outcome of running it. */
async function outcomeWith(change: object, expected: NamedNumbers = numbers) {
  const folder = await folderWith({ losses: Array.from(expected.losses!.data), ...change }, expected)
  const { cases } = await readCases(folder)
  return runCase(salt, cases[0]!)
}

async function folderWith(change: object, expected: NamedNumbers): Promise<string> {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'cases.json'), JSON.stringify({ salt, cases: [{ ...settings, ...change }] }))
  const { losses: _, ...weights } = expected
  const tensors = Object.entries(weights).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float32Array.from(data) },
  ])
  await saveSafetensors(join(folder, 'small.safetensors'), Object.fromEntries(tensors))
  return folder
}

beforeAll(async () => {
  await loadEngine()
  const folder = await folderWith({}, { some: { shape: [1], data: [0] }, losses: { shape: [0], data: [] } })
  const { cases } = await readCases(folder)
  numbers = await cases[0]!.compute(new GeneratedInputs(salt))
})

it('passes with its own numbers and knows the weights of encoder and graph by their names', async () => {
  expect(await outcomeWith({})).toMatchObject({ pass: true, runs: 1 })
  expect(Object.keys(numbers)).toEqual(
    expect.arrayContaining(['losses', 'encoder.layer4.1.running_var', 'graph.gc2.bias']),
  )
})

it.each([
  ['losses', (values: number[]) => values.map((value) => value * 1.01)],
  ['losses', (values: number[]) => values.slice(1)],
  ['encoder.layer1.0.weight', (values: number[]) => [values[0]! + 0.01, ...values.slice(1)]],
])('fails with other %s', async (name, change) => {
  const data = change(Array.from(numbers[name]!.data))
  const shape = name === 'losses' ? [data.length] : numbers[name]!.shape
  expect(await outcomeWith({}, { ...numbers, [name]: { shape, data } })).toMatchObject({ pass: false })
})

it('fails with a weight that there is not', async () => {
  const outcome = await outcomeWith({}, { ...numbers, 'encoder.layer5.0.weight': { shape: [1], data: [0] } })
  expect(outcome).toMatchObject({ pass: false, maxRel: Infinity, worst: 'encoder.layer5.0.weight' })
})

it.each([{ graph: 'full' }, { graph: 'identity' }, { lr: 0.02 }, { shot: 1 }, { steps: 3 }])(
  'is another with %o',
  async (change) => {
    expect(await outcomeWith(change)).toMatchObject({ pass: false })
  },
)

it('shows in the running statistics alone in which order the encoder sees the batches', async () => {
  const forwardOrder = { forward_order: ['query', 'support', 'support_parts', 'query_parts'] }
  expect(await outcomeWith(forwardOrder)).toMatchObject({
    pass: false,
    worst: expect.stringMatching(/running_(mean|var)$/) as string,
  })
  const weights = Object.entries(numbers).filter(([name]) => !name.includes('running'))
  expect(await outcomeWith(forwardOrder, Object.fromEntries(weights))).toMatchObject({ pass: true })
})
