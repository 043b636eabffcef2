import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { disposeState } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { alignmentDefinition, alignmentLevel, type AlignmentMasking } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const map = (seed: number, shape: [number, number, number, number]) =>
  randomUniform(randomKey(seed), shape).sub(0.5) as tf.Tensor4D

type Rows = number[][]

const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)
const cosine = (a: number[], b: number[]) => dot(a, b) / (Math.hypot(...a) * Math.hypot(...b))
const argMax = (values: number[]) => values.indexOf(Math.max(...values))

/** The definition for one query, one number at a time; supports are lists of positions by class. */
function expectedScores(
  query: Rows,
  classes: Rows[],
  projections: Record<'query' | 'key' | 'value', Rows>,
  masking: AlignmentMasking,
): number[] {
  const project = (x: number[], name: 'query' | 'key' | 'value') =>
    projections[name][0]!.map((_, unit) =>
      dot(
        x,
        projections[name].map((row) => row[unit]!),
      ),
    )
  const width = projections.key[0]!.length
  const all = classes.flat()
  const similarities = query.map((position) =>
    all.map((other) => dot(project(position, 'query'), project(other, 'key')) / Math.sqrt(width)),
  )
  const kept = similarities.map(
    (row, position) => argMax(similarities.map((other) => other[argMax(row)]!)) === position,
  )
  let start = 0
  return classes.map((ofClass) => {
    const columns = ofClass.map((_, index) => start + index)
    start += ofClass.length
    const aligned = similarities.map((row, position) => {
      const exponentials = columns.map((column) => Math.exp(kept[position] ? row[column]! : 0))
      const sum = exponentials.reduce((total, value) => total + value, 0)
      const values = ofClass.map((x) => project(x, 'value'))
      return values[0]!.map((_, unit) =>
        values.reduce((total, value, index) => total + (exponentials[index]! / sum) * value[unit]!, 0),
      )
    })
    const candidates = aligned.filter((_, position) => masking === 'released' || kept[position])
    return query
      .map((position) => Math.max(...candidates.map((value) => cosine(value, project(position, 'value')))))
      .reduce((sum, value) => sum + value, 0)
  })
}

describe('alignmentLevel', () => {
  it.each(['released', 'excluded'] as const)('is its definition, with unequal shots: %s', (masking) => {
    const level = alignmentLevel({ channels: 5, key: randomKey(1), keyChannels: 3, masking })
    const matrix = (name: string) => level.state[`${name}.weight`]!.value.arraySync() as unknown as Rows[][]
    const projections = {
      query: matrix('query')[0]![0]!,
      key: matrix('key')[0]![0]!,
      value: matrix('value')[0]![0]!,
    }
    tf.tidy(() => {
      const [support, query] = [map(2, [3, 2, 2, 5]), map(3, [4, 3, 2, 5])]
      const scores = level
        .scores({ map: support, shots: [1, 2] }, { map: query }, { training: false })
        .arraySync()
      const [first, second, third] = support.reshape([3, 4, 5]).arraySync() as [Rows, Rows, Rows]
      const queries = query.reshape([4, 6, 5]).arraySync() as Rows[]
      for (const [row, positions] of queries.entries()) {
        const expected = expectedScores(positions, [first, [...second, ...third]], projections, masking)
        for (const [column, value] of expected.entries()) expect(scores[row]![column]).toBeCloseTo(value, 4)
      }
    })
    disposeState(level.state)
  })

  it('takes part with every query position as released, and with mutual ones alone when they are excluded', () => {
    const scores = (masking: AlignmentMasking) => {
      const level = alignmentLevel({ channels: 5, key: randomKey(1), masking })
      const values = tf.tidy(() =>
        level
          .scores(
            { map: map(2, [2, 3, 3, 5]), shots: [1, 1] },
            { map: map(3, [3, 3, 3, 5]) },
            { training: false },
          )
          .dataSync(),
      )
      disposeState(level.state)
      return values
    }
    const [released, excluded] = [scores('released'), scores('excluded')]
    expect(Array.from(excluded).every((value, index) => value <= released[index]! + 1e-5)).toBe(true)
    expect(Array.from(excluded)).not.toEqual(Array.from(released))
  })

  it('has projections in the layout of 1x1 convolutions, 160 keys unless told', () => {
    const level = alignmentDefinition.create(
      { key_channels: 160, masking: 'released' },
      { channels: 640, key: randomKey(1) },
    )
    expect(
      Object.entries(level.state).map(([name, { value, layout }]) => [name, value.shape, layout]),
    ).toEqual([
      ['query.weight', [1, 1, 640, 160], 'convolution'],
      ['key.weight', [1, 1, 640, 160], 'convolution'],
      ['value.weight', [1, 1, 640, 640], 'convolution'],
    ])
    disposeState(level.state)
  })
})
