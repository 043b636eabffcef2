import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDataset } from '@m2l/datasets'
import { sha256, smallPng } from '../containers.js'
import { changed } from '../forms.js'
import type { Reader } from '../reader.js'

const headerBytes = 4096

/** Puts the checksum right that a pack's header has of its index. */
function mendPack(pack: Buffer): Buffer {
  try {
    const { __metadata__: metadata, ...entries } = JSON.parse(pack.toString('utf8', 8, headerBytes)) as {
      __metadata__: object
      offsets: { data_offsets: [number, number] }
    }
    const index = pack.subarray(headerBytes + entries.offsets.data_offsets[0])
    const header = { __metadata__: { ...metadata, index_sha256: sha256(index) }, ...entries }
    const mended = Buffer.from(pack)
    mended.fill(' ', 8, headerBytes)
    mended.write(JSON.stringify(header), 8, headerBytes - 8)
    return mended
  } catch {
    return pack
  }
}

/** Packs of decoded pictures. */
export const pack: Reader = {
  name: 'pack',
  share: 8,
  async open(folder) {
    const root = join(folder, 'set')
    const packs = join(folder, 'packs')
    for (const name of ['ant', 'bee']) {
      mkdirSync(join(root, name), { recursive: true })
      for (const seed of [1, 2]) writeFileSync(join(root, name, `${seed}.png`), smallPng(seed))
    }
    const readAll = async () => {
      const dataset = await openDataset({ root, pack: packs, cacheBytes: 0 })
      try {
        for (const { images } of dataset.splits.all!.classes) await dataset.readMany(images)
      } finally {
        await dataset.close()
      }
    }
    await readAll()
    const file = join(packs, readdirSync(packs)[0]!)
    const whole = readFileSync(file)
    const index =
      4096 +
      (JSON.parse(whole.toString('utf8', 8, headerBytes)) as { pixels: { shape: [number] } }).pixels.shape[0]
    return {
      forms: [
        changed([whole]),
        changed([whole], mendPack),
        changed([whole.subarray(index)], (part) => mendPack(Buffer.concat([whole.subarray(0, index), part]))),
      ],
      read(input) {
        writeFileSync(file, input)
        return readAll()
      },
    }
  },
}
