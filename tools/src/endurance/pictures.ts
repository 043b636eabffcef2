import { createHash } from 'node:crypto'
import type { Dataset, ImageSplit } from '@m2l/datasets'
import type { RgbImage } from '@m2l/pictures'
import { randomKey } from '@m2l/engine'

const side = 16
const [classesPerSplit, imagesPerClass] = [6, 10]

/** Pictures that are drawn when they are read: each class has colours of its own, with some noise. */
export function drawnPictures(): Dataset {
  const read: Dataset['read'] = async ({ id }) => drawn(id)
  return {
    name: 'drawn',
    leftOut: [],
    notes: [],
    splits: { train: split('train', 0), val: split('val', 1), test: split('test', 2) },
    read,
    readMany: (records) => Promise.all(records.map(read)),
    close: async () => {},
  }
}

function split(name: string, place: number): ImageSplit {
  const classes = Array.from({ length: classesPerSplit }, (_, index) => {
    const number = place * classesPerSplit + index
    const images = Array.from({ length: imagesPerClass }, (_image, image) => ({ id: `${number}/${image}` }))
    return { name: `class${number}`, images }
  })
  return { name, classes, hash: createHash('sha256').update(JSON.stringify(classes)).digest('hex') }
}

function drawn(id: string): RgbImage {
  const [classIndex, image] = id.split('/').map(Number) as [number, number]
  const colours = randomKey(classIndex).fold('colours').generator()
  const base = Array.from({ length: 6 }, () => colours.integer(200))
  const noise = randomKey(classIndex).fold('noise', image).generator()
  const data = Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const isRight = Math.floor(index / 3) % side >= side / 2
    return base[(index % 3) + (isRight ? 3 : 0)]! + noise.integer(56)
  })
  return { width: side, height: side, data }
}
