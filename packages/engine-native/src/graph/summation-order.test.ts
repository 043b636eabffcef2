import { beforeAll, expect, test } from 'vitest'
import { graphFunction, loadEngine, tf } from '@m2l/engine'

beforeAll(async () => {
  await loadEngine()
})

type Terms = { first: tf.Tensor; second: tf.Tensor; third: tf.Tensor; fourth: tf.Tensor }

const sums: Record<string, (terms: readonly tf.Tensor[]) => tf.Tensor> = {
  'tf.addN': (terms) => tf.addN([...terms]),
  'tf.add, one after the other': (terms) => terms.reduce((sum, term) => tf.add(sum, term)),
}

test.each(Object.entries(sums))(
  '%s adds first to last, whatever terms could give their memory away',
  (_, sum) => {
    // In float32, 1 is lost beside 1e8, so that a sum tells in which order it was made. The values of a
    // graph's inputs are held outside of it, those of the doubled ones by nobody but the sum.
    const full = (value: number) => tf.tidy(() => tf.mul(tf.ones([64]), value))
    const large = full(1e8)
    const terms = { first: large, second: tf.neg(large), third: full(1), fourth: full(2) }
    const add = ({ first, second, third, fourth }: Terms) => ({
      sum: sum([first, second, tf.mul(third, 2), tf.mul(fourth, 2)]),
      turned: sum([tf.mul(fourth, 2), first, second, tf.mul(third, 2)]),
      held: sum([third, tf.mul(first, 2), tf.mul(second, 2)]),
    })
    const inGraph = graphFunction(add)
    const valuesOf = (results: Record<string, tf.Tensor>) =>
      Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, [...new Set(tensor.dataSync())]]),
      )
    expect(valuesOf(inGraph(terms))).toEqual({ sum: [6], turned: [2], held: [0] })
    expect(valuesOf(add(terms))).toEqual({ sum: [6], turned: [2], held: [0] })
    inGraph.dispose()
    tf.dispose(terms)
  },
)
