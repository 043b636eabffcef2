import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataset } from '@m2l/datasets'
import { expect, test } from 'vitest'
import { artists } from './artists.js'
import { drawArchive } from './draw-archive.js'

test('an archive holds each name by each artist, opens as a data set, and has the same bytes again', async () => {
  const progress: number[] = []
  const first = await drawArchive(
    () => ['snail', 'watermelon'],
    48,
    ({ done, total }) => progress.push(done / total),
  )
  expect(progress).toEqual(Array.from({ length: 16 }, (_, index) => (index + 1) / 16))
  expect(first.classes).toEqual(['snail', 'watermelon'])

  const folder = await mkdtemp(join(tmpdir(), 'm2l-emoji-'))
  try {
    await writeFile(join(folder, 'drawn.zip'), first.bytes)
    const dataset = await openDataset({ root: join(folder, 'drawn.zip') })
    const images = Object.values(dataset.splits).flatMap((split) =>
      split.classes.flatMap((drawn) => drawn.images),
    )
    expect(images.map((image) => image.id)).toEqual(
      ['snail', 'watermelon'].flatMap((name) => artists.map((artist) => `${name}/${artist}.png`)),
    )
    for (const { height, width } of await dataset.readMany(images)) expect([height, width]).toEqual([48, 48])
    await dataset.close()
  } finally {
    await rm(folder, { recursive: true })
  }

  const second = await drawArchive(() => ['snail', 'watermelon'], 48)
  expect(second.bytes.equals(first.bytes)).toBe(true)
})
