import type { ModelFile, NetworkTensor } from '@m2l/onnx'
import { count, printable } from '../terminal/format.js'
import { table } from '../terminal/table.js'

/** Tensors shortly before the end are those that a card may name; --json has all. */
const mostInner = 40

/** What an ONNX network takes, gives and holds. */
export function describeNetwork({
  inputs,
  outputs,
  tensors,
  opset,
  parameters,
  external,
}: ModelFile): string {
  const own = new Set(outputs.map(({ name }) => name))
  const inner = tensors.filter(({ name, operation }) => !own.has(name) && operation !== 'Constant')
  const shown = inner.slice(-mostInner)
  const row = ({ name, shape }: NetworkTensor, what: string) => [
    printable(name),
    shape === undefined ? '' : printable(`[${shape.map((side) => (side === -1 ? '?' : side)).join(', ')}]`),
    what,
  ]
  return [
    table(
      ['tensor', 'shape', 'what'],
      [
        ...inputs.map((one) => row(one, 'input')),
        ...shown.map((one) => row(one, printable(one.operation))),
        ...outputs.map((one) => row(one, 'output')),
      ],
    ),
    ...(inner.length > shown.length
      ? [`${count(inner.length - shown.length, 'earlier tensor')} within, which --json lists`]
      : []),
    `ONNX network of ${count(parameters, 'parameter')}${opset === null ? '' : `, opset ${opset}`}${external.length > 0 ? '; its weights lie in other files' : ''}; a card may name any of these tensors (output.name)`,
  ].join('\n')
}
