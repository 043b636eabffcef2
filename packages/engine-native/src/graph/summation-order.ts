import type { NodeMessage } from './tensorflow-messages.js'

/** Whether an operation adds tensors. */
export function isSum(operation: string): boolean {
  return operation === 'Add' || operation === 'AddV2' || operation === 'AddN'
}

/**
 * A sum whose bits depend on its terms alone. TensorFlow's `AddN` starts with a term whose memory nobody else
 * holds at that moment, which differs from run to run where operations run side by side; and its optimiser
 * makes an `AddN` of several additions in a row. So three terms or more are added two at a time, first to
 * last as `AddN` does in an eager call, and every addition is marked as one that the optimiser has seen.
 *
 * @param sum of one of the operations of `isSum`
 */
export function inOneOrder(sum: NodeMessage): readonly NodeMessage[] {
  const [first, ...others] = sum.input!
  if (sum.op !== 'AddN' || others.length < 2) return [{ ...sum, attr: { ...sum.attr, ...seen } }]
  const nameOf = (index: number) => (index === others.length - 1 ? sum.name : `${sum.name}_${index}`)
  return others.map((term, index) => ({
    name: nameOf(index),
    op: 'AddV2',
    input: [index === 0 ? first! : nameOf(index - 1), term],
    attr: { T: sum.attr.T!, ...seen },
  }))
}

/** The mark that the optimiser itself leaves on sums that it has rewritten. */
const seen = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: { b: true } }
