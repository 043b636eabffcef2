import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { expect, it } from 'vitest'
import { TensorBoardWriter } from './tensorboard.js'

/** The records of an event file, with their checksums verified. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let offset = 0; offset < file.length;) {
    const length = Number(file.readBigUInt64LE(offset))
    expect(unmask(file.readUInt32LE(offset + 8))).toBe(crc32c(file.subarray(offset, offset + 8)))
    const data = file.subarray(offset + 12, offset + 12 + length)
    expect(unmask(file.readUInt32LE(offset + 12 + length))).toBe(crc32c(data))
    found.push(data)
    offset += 16 + length
  }
  return found
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

it('writes event files that TensorBoard reads', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'm2l-board-')), 'new')
  const writer = new TensorBoardWriter(folder, 70)
  writer.scalar('loss_train', 1.5, 80)
  const [name] = readdirSync(folder)
  expect(name).toMatch(/^events\.out\.tfevents\.\d+\./)
  const [version, start, scalar] = records(readFileSync(join(folder, name!)))
  expect(version!.toString('latin1')).toContain('brain.Event:2')
  // step = 71 (field 2), session log (field 7) with status START (field 1, value 1)
  expect(start!.subarray(9).toString('hex')).toBe('10473a020801')
  // step = 80, summary { value { tag: "loss_train", simple_value: 1.5 } }
  const value = Buffer.concat([
    Buffer.from('0a0a', 'hex'),
    Buffer.from('loss_train'),
    Buffer.from('150000c03f', 'hex'),
  ])
  const summary = Buffer.concat([Buffer.from([0x0a, value.length]), value])
  expect(scalar!.subarray(9)).toEqual(
    Buffer.concat([Buffer.from('10502a', 'hex'), Buffer.from([summary.length]), summary]),
  )
})
