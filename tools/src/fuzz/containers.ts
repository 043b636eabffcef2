import { createHash } from 'node:crypto'
import { crc32, deflateRawSync, deflateSync } from 'node:zlib'

// Containers are written here, not with libraries: those would refuse the names and sizes that are to be
// tried.

/** A member of an archive. */
export type Member = readonly [name: string, content: Buffer]

/** A zip archive; its members are packed or stored. */
export function zipOf(members: readonly Member[], isPacked = false): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, content] of members) {
    const data = isPacked ? deflateRawSync(content) : content
    const common = Buffer.alloc(26) // version, flags, method, time, date, checksum, sizes, lengths
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(isPacked ? 8 : 0, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = [Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]
    const rest = Buffer.alloc(14) // comment's length, disk, attributes, offset
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\0'), common, rest, Buffer.from(name))
    parts.push(...local)
    at += local.reduce((sum, part) => sum + part.length, 0)
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, listed, end])
}

/** The members of a zip archive that are stored, as this file or `encodePyTorch` writes them. */
export function membersOf(zip: Buffer): Member[] {
  const members: Member[] = []
  for (let at = zip.readUInt32LE(zip.lastIndexOf('PK\x05\x06') + 16); zip.readUInt32LE(at) === 0x02014b50;) {
    const [nameBytes, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ]
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes)
    members.push([name, zip.subarray(start, start + zip.readUInt32LE(at + 24))])
    at += 46 + nameBytes + extra + comment
  }
  return members
}

/** A tar archive. */
export function tarOf(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(([name, content]) => {
    const header = Buffer.alloc(512)
    header.write(name, 0, 100)
    header.write('0000644\0', 100)
    header.write(`${content.length.toString(8).padStart(11, '0')} `, 124)
    header.write('0ustar\x0000', 156, 'latin1')
    return [withTarChecksum(header), content, Buffer.alloc(-content.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** A header block with the checksum that it must have. */
function withTarChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** An archive whose header blocks have been changed, with their checksums put right. */
export function mendTar(tar: Buffer): Buffer {
  const mended = Buffer.from(tar)
  for (let at = 0; at + 512 <= mended.length; at += 512) {
    if (mended.toString('latin1', at + 257, at + 262) === 'ustar')
      withTarChecksum(mended.subarray(at, at + 512))
  }
  return mended
}

/** A PNG file of the given header (13 bytes) and unpacked lines. */
export function pngOf(header: Buffer, lines: Buffer, palette?: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(lines, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(content.length)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

/** A file whose chunks have been changed, with their checksums put right as far as they hang together. */
export function mendPng(png: Buffer): Buffer {
  const mended = Buffer.from(png)
  for (let at = 8; at + 12 <= mended.length;) {
    const end = at + 8 + mended.readUInt32BE(at)
    if (end + 4 > mended.length) break
    mended.writeUInt32BE(crc32(mended.subarray(at + 4, end)), end)
    at = end + 4
  }
  return mended
}

/** A small PNG file without a filter: pixels are red, green and blue that follow from the seed. */
export function smallPng(seed: number, width = 6, height = 5): Buffer {
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 2, 0, 0, 0])
  const line = Buffer.alloc(1 + 3 * width, seed)
  line[0] = 0
  return pngOf(header, Buffer.concat(Array.from({ length: height }, () => line)))
}

/** A safetensors file of a header and the tensors' bytes, without a checksum. */
export function safetensorsOf(header: Buffer, data: Buffer): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, data])
}

/** The header and the tensors' bytes of a safetensors file; of its metadata no checksum. */
export function safetensorsParts(file: Buffer): { header: Buffer; data: Buffer } {
  const end = 8 + Number(file.readBigUInt64LE())
  const header = JSON.parse(file.toString('utf8', 8, end)) as Record<string, { sha256?: string }>
  delete header['__metadata__']?.sha256
  return { header: Buffer.from(JSON.stringify(header)), data: file.subarray(end) }
}

export function sha256(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
