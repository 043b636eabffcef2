import { beforeAll, describe, expect, test } from 'vitest'
import { flattenTree, loadEngine, tf } from '../index.js'

beforeAll(() => loadEngine())

const episode = (first: number) => ({
  support: { map: tf.scalar(first), shots: [1, 2], drawnShots: undefined },
  queries: [{ map: tf.scalar(first + 1) }, { map: tf.scalar(first + 2) }],
  name: 'x',
})

describe('a tree of tensors', () => {
  test('is taken apart by paths, and put together with other tensors', () => {
    const { tensors, rebuild } = flattenTree(episode(1))
    expect(Object.keys(tensors)).toEqual(['support.map', 'queries.0.map', 'queries.1.map'])
    const others = Object.fromEntries(
      Object.keys(tensors).map((name, index) => [name, tf.scalar(10 + index)]),
    )
    const again = rebuild(others)
    expect(again.support).toEqual({ map: others['support.map'], shots: [1, 2] })
    expect(again.queries.map(({ map }) => map.dataSync()[0])).toEqual([11, 12])
    expect(again.name).toBe('x')
    tf.dispose([tensors, others])
  })

  test('has the layout of another that differs in its tensors alone', () => {
    const [a, b] = [episode(1), episode(5)]
    const layouts = [
      a,
      b,
      { ...a, name: 'y' },
      { ...a, support: { ...a.support, shots: [2, 1] } },
      { ...a, queries: a.queries.slice(1) },
    ]
    const [one, other, ...changed] = layouts.map((tree) => flattenTree(tree).layout)
    expect(other).toBe(one)
    expect(new Set([one, ...changed]).size).toBe(4)
    tf.dispose([a, b])
  })

  test.each([
    ['a function', { f: () => 1 }, 'f is of type function'],
    ['an instance of a class', { list: [new Map()] }, 'list.0 is a Map'],
    ['a number that is not finite', { x: { y: Number.NaN } }, 'x.y is NaN'],
  ])('holds no %s', (_, tree, message) => {
    expect(() => flattenTree(tree)).toThrow(message)
    expect(() => flattenTree(tree)).toThrow(TypeError)
  })

  test('tells names with dots that spell the path of another tensor', () => {
    const tensor = tf.scalar(1)
    expect(() => flattenTree({ 'a.b': tensor, a: { b: tensor } })).toThrow('two tensors lie at a.b')
    tensor.dispose()
  })
})
