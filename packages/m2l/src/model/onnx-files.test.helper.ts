import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Pictures of 32 pixels, seen as they are. */
export const onnxCard = 'picture: { size: 32, mean: [0, 0, 0], deviation: [255, 255, 255] }\n'

/** Operations of networks whose input is `x` [n, 3, 32, 32] and whose output is `y`. */
export const networks = {
  /** Mean colours: [n, 3, 1, 1]. */
  pooled: [node('GlobalAveragePool', ['x'], 'y')],
  /** Mean colours of 4 x 4 squares: [n, 3, 4, 4]. */
  map: [node('AveragePool', ['x'], 'y', [ints('kernel_shape', 8, 8), ints('strides', 8, 8)])],
  /** 1 for every colour that there is, and for the others no number. */
  fragile: [node('GlobalAveragePool', ['x'], 'mean'), node('Div', ['mean', 'mean'], 'y')],
}

/** Writes `<name>.onnx` and its card `<name>.yaml` into a folder. */
export async function writeNetwork(
  folder: string,
  name: keyof typeof networks,
  card: string = name === 'map' ? `${onnxCard}output: { layout: nchw }\n` : onnxCard,
): Promise<string> {
  const file = join(folder, `${name}.onnx`)
  await writeFile(file, onnxFile(networks[name]))
  await writeFile(join(folder, `${name}.yaml`), card)
  return file
}

/** An ONNX file: IR version 8, one graph, opset 17; numbers of fields as in onnx.proto3. */
function onnxFile(nodes: readonly Buffer[]): Buffer {
  const input = message(11, text(1, 'x'), message(2, tensorType('n', 3, 32, 32)))
  const output = message(12, text(1, 'y'), message(2, tensorType('n', 'a', 'b', 'c')))
  const graph = message(7, ...nodes, text(2, 'small'), input, output)
  return Buffer.concat([number(1, 8), graph, message(8, number(2, 17))])
}

function node(
  operation: string,
  inputs: readonly string[],
  output: string,
  attributes: Buffer[] = [],
): Buffer {
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, operation),
    ...attributes,
  )
}

function ints(name: string, ...values: number[]): Buffer {
  return message(5, text(1, name), ...values.map((value) => number(8, value)), number(20, 7))
}

function tensorType(...sides: (number | string)[]): Buffer {
  const dimensions = sides.map((side) =>
    message(1, typeof side === 'number' ? number(1, side) : text(2, side)),
  )
  return message(1, number(1, 1), message(2, ...dimensions))
}

function message(field: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([varint(8 * field + 2), varint(content.length), content])
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value))
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(8 * field), varint(value)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) return Buffer.from(bytes)
  }
}
