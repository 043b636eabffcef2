import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

/**
 * A data set that is learned in seconds: 5 classes a split, images of 16x16, as
 * `<split>/<class>/<image>.png`.
 */
export async function writePatterns(folder: string, imagesOfClass = 8): Promise<void> {
  for (const [number, split] of ['train', 'val', 'test'].entries()) {
    for (let index = 0; index < 5; index++) {
      const ofClass = join(folder, split, `${split}-${index}`)
      await mkdir(ofClass, { recursive: true })
      for (let image = 0; image < imagesOfClass; image++) {
        await writeFile(join(ofClass, `${image}.png`), await pattern(5 * number + index, image))
      }
    }
  }
}

/** A disc on a ground, their colours by the class, its place by the image. */
function pattern(kind: number, image: number): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">
    <rect width="16" height="16" fill="hsl(${(kind * 137) % 360}, 70%, 50%)"/>
    <circle cx="${4 + (image % 4) * 2}" cy="${4 + (Math.floor(image / 4) % 4) * 4}" r="3"
      fill="hsl(${(kind * 77) % 360}, 80%, 70%)"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

const common = `
n_way: 3
data: { dataset: patterns, image_dir: data/patterns, image_size: 16, pack: 'off' }
train: { query_per_class_per_episode: 1, batch_size: 1, episode_per_epoch: 4, epochs: 1 }
val: { episode: 4 }
test: { query_per_class_per_episode: 2, episode: 12 }
pre: { epochs: 8, batch_size: 4, snapshot_epoch: 1, snapshot_interval: 1, val_episode: 4, colorjitter: false }
`

const model = 'encoder: FourLayer_64F_4x'
const started = `${model}, weights: pretrain_Conv64F-4x/best.safetensors`

/** Recipes by their names. */
export const recipes = {
  'pretrain_Conv64F-4x': `${common}model: { ${model} }\n`,
  'ProtoNet_N3K1_Conv64F-4x': `${common}model: { ${started}, query: ProtoNet, forward_encoding: FCN }\n`,
  'M2L_N3K1_Conv64F-4x': `${common}model: { ${started}, forward_encoding: Grid-2, parts: map, levels: { part: {}, global: {} } }\n`,
}

export const patternsPlan = `precision: { training: f32, evaluation: f32 }
runs:
  - { recipe: patterns/ProtoNet_N3K1_Conv64F-4x }
  - { recipe: patterns/M2L_N3K1_Conv64F-4x, against: patterns/ProtoNet_N3K1_Conv64F-4x }
ablations:
  of: patterns/M2L_N3K1_Conv64F-4x
  variants:
    - { group: levels, name: part, set: [model.levels.global.weight=0] }
`
