import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeSafetensors } from '../index.js'
import { loadSafetensors, SafetensorsWriter } from './index.js'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-writer-'))
  file = join(folder, 'a.safetensors')
})

afterEach(() => rm(folder, { recursive: true }))

test('rows that are appended are read as one tensor, with others and metadata', async () => {
  const writer = await SafetensorsWriter.create(file, { name: 'features', row: [2, 3] }, { weights: 'ä "1"' })
  await writer.append(Float32Array.from({ length: 12 }, (_, index) => index))
  expect((await readdir(folder)).filter((name) => name === 'a.safetensors')).toEqual([])
  await writer.append(Float32Array.from({ length: 6 }, (_, index) => 12 + index))
  const names = new TextEncoder().encode('["a","b","c"]')
  await writer.finish({ names: { shape: [names.length], data: names } })
  expect(await readdir(folder)).toEqual(['a.safetensors'])
  const { tensors, metadata } = await loadSafetensors(file)
  expect(metadata).toEqual({ weights: 'ä "1"' })
  expect(tensors.features).toEqual({
    shape: [3, 2, 3],
    data: Float32Array.from({ length: 18 }, (_, index) => index),
    dtype: 'float32',
  })
  expect(tensors.names!.data).toEqual(names)
})

test('a byte that changes is found, in the tensors and in the header', async () => {
  const writer = await SafetensorsWriter.create(file, { name: 'features', row: [2] }, { weights: 'one' })
  await writer.append(Float32Array.of(1, 2))
  await writer.finish()
  const bytes = await readFile(file)
  const changed = (at: number) => {
    const other = Buffer.from(bytes)
    other[at]! ^= 1
    return () => decodeSafetensors(other, 'a')
  }
  expect(changed(bytes.length - 1)).toThrow('its tensors do not match their checksum')
  expect(changed(bytes.indexOf('one'))).toThrow('its header does not match its checksum')
})

test('what is abandoned leaves the file as it was', async () => {
  await writeFile(file, 'before')
  const writer = await SafetensorsWriter.create(file, { name: 'features', row: [2] })
  await writer.append(Float32Array.of(1, 2))
  await expect(writer.append(Float32Array.of(1))).rejects.toThrow(RangeError)
  await writer.abandon()
  expect(await readdir(folder)).toEqual(['a.safetensors'])
  expect(await readFile(file, 'utf8')).toBe('before')
  await expect(SafetensorsWriter.create(folder, { name: 'features', row: [2] })).rejects.toThrow(
    'is a folder',
  )
  await expect(SafetensorsWriter.create(join(file, 'b'), { name: 'features', row: [2] })).rejects.toThrow(
    /cannot be written \(ENOTDIR/,
  )
})
