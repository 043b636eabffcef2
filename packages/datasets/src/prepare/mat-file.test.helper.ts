import { deflateSync } from 'node:zlib'

/** A MAT-file of version 5 with these variables, compressed or not. */
export function matFile(variables: Record<string, (name: string) => Buffer>, compress = true): Buffer {
  const header = Buffer.alloc(128, ' ')
  header.write('MATLAB 5.0 MAT-file', 'latin1')
  header.set([0, 1, 0x49, 0x4d], 124)
  const arrays = Object.entries(variables).map(([name, variable]) => {
    const bytes = variable(name)
    return compress ? element(15, deflateSync(bytes), false) : bytes
  })
  return Buffer.concat([header, ...arrays])
}

/** A text. */
export const matText =
  (text: string) =>
  (name = ''): Buffer =>
    array(4, [1, text.length], name, [element(4, Buffer.from(text, 'utf16le'))])

/** A number, of 8 bits. */
export const matNumber =
  (value: number) =>
  (name = ''): Buffer =>
    array(9, [1, 1], name, [element(2, Buffer.from([value]))])

/** A row of cells. */
export const matCells =
  (cells: readonly (() => Buffer)[]) =>
  (name = ''): Buffer =>
    array(
      1,
      [1, cells.length],
      name,
      cells.map((cell) => cell()),
    )

/** A row of structs with the same fields. */
export const matStructs =
  (structs: readonly Record<string, () => Buffer>[]) =>
  (name = ''): Buffer => {
    const fields = Object.keys(structs[0]!)
    const names = Buffer.concat(fields.map((field) => Buffer.from(field.padEnd(32, '\0'))))
    return array(2, [1, structs.length], name, [
      element(5, int32([32])),
      element(1, names),
      ...structs.flatMap((struct) => fields.map((field) => struct[field]!())),
    ])
  }

function array(
  kind: number,
  dimensions: readonly number[],
  name: string,
  content: readonly Buffer[],
): Buffer {
  const flags = element(6, int32([kind, 0]))
  const elements = [flags, element(5, int32(dimensions)), element(1, Buffer.from(name)), ...content]
  return element(14, Buffer.concat(elements))
}

/** Data of up to four bytes lies beside its size, as MATLAB writes it. */
function element(type: number, data: Buffer, pad = true): Buffer {
  if (data.length > 0 && data.length <= 4 && pad) {
    const small = Buffer.alloc(8)
    small.writeUInt16LE(type, 0)
    small.writeUInt16LE(data.length, 2)
    small.set(data, 4)
    return small
  }
  const tag = int32([type, data.length])
  return Buffer.concat([tag, data, Buffer.alloc(pad ? (8 - (data.length % 8)) % 8 : 0)])
}

function int32(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeInt32LE(value, 4 * index))
  return bytes
}
