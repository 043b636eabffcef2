import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { classifyPictures, readRecipe } from '../index.js'
import { patterns, temporaryFolder, writeClasses } from './patterns.test.helper.js'

it('a file of classes that cannot be written is refused before any example is read', async () => {
  const support = await examples()
  let read = 0
  const onProgress = () => read++
  const save = join(support, 'none', 'classes.safetensors')
  await expect(
    classifyPictures({ support, query: [support], weights: 'emoji-conv64f', save, onProgress }),
  ).rejects.toThrow(`${save}: expected a file to write the classes to, but its folder does not exist`)
  expect(read).toBe(0)
})

it('a recipe of weights that nobody names is refused', async () => {
  const support = await examples()
  const file = join(await temporaryFolder(), 'm2l.yaml')
  await writeFile(file, 'model: { encoder: FourLayer_64F_4x }\ndata: { dataset: x, image_dir: x }\n')
  const recipe = await readRecipe(file)
  await expect(classifyPictures({ support, query: [support], recipe })).rejects.toThrow(
    `${file}: is the recipe of weights, which are not named; name them, too`,
  )
})

async function examples(): Promise<string> {
  const folder = await temporaryFolder()
  await writeClasses(folder, { fox: patterns(0, 2), hen: patterns(1, 2) })
  return folder
}
