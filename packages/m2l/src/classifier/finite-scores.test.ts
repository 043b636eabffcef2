import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { beforeAll, describe, expect, it } from 'vitest'
import { Familiarity, FewShotClassifier, readRecipeText, weightsFile, type LeaveOneOut } from '../index.js'
import { pattern, patterns, temporaryFolder } from './patterns.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

/** The shipped weights of emoji with a further level whose scores are all the same. */
async function classifierWith(score: string): Promise<FewShotClassifier> {
  const folder = await temporaryFolder()
  await writeFile(
    join(folder, 'own.mjs'),
    `import { z } from ${JSON.stringify(import.meta.resolve('zod'))}
     import { tf } from ${JSON.stringify(import.meta.resolve('@m2l/engine'))}
     export default {
       name: 'own',
       options: z.object({}),
       create: () => ({
         name: 'own',
         needs: ['map'],
         state: {},
         scores: (support, query) => tf.fill([query.map.shape[0], support.shots.length], ${score}),
       }),
     }`,
  )
  const recipe = await readRecipeText(
    JSON.stringify({
      model: {
        encoder: 'FourLayer_64F_4x',
        forward_encoding: 'Grid-3,2',
        levels: { part: {}, pixel: { temperature: 0.1 }, global: { temperature: 4 }, own: {} },
        imports: ['./own.mjs'],
      },
      data: { dataset: 'emoji', image_size: 32 },
    }),
    join(folder, 'own.yaml'),
  )
  return FewShotClassifier.load('emoji-conv64f', { recipe, force: true })
}

async function addTwo(classifier: FewShotClassifier): Promise<void> {
  await classifier.add('red', patterns(0, 3))
  await classifier.add('green', patterns(1, 2))
}

describe('a classifier with a level of its own', () => {
  it('goes on working where the level knows nothing of counts or leaving out', async () => {
    const classifier = await classifierWith('1')
    await addTwo(classifier)
    const before = tf.memory().numTensors
    const [found] = await classifier.classify([pattern(0, 9)])
    expect(found!.levels.own!.scores).toEqual([1, 1])
    const { known, strangers } = await classifier.leaveOneOut()
    expect(known.map(({ levels }) => levels.own!.scores)).toEqual(Array.from({ length: 5 }, () => [1, 1]))
    expect(strangers.map(({ levels }) => levels.own!.scores)).toEqual(Array.from({ length: 5 }, () => [1]))
    expect(tf.memory().numTensors).toBe(before)
    classifier.dispose()
  })

  it.each(['NaN', 'Infinity', '-Infinity'])('names the level where its scores are %s', async (score) => {
    const classifier = await classifierWith(score)
    await addTwo(classifier)
    const before = tf.memory().numTensors
    const message = /^the scores of level own are not finite: 2 of 2 numbers, -?(NaN|Infinity) first; /
    await expect(classifier.classify([pattern(0, 9)])).rejects.toThrow(message)
    await expect(classifier.leaveOneOut()).rejects.toThrow(/^the scores of level own are not finite/)
    expect(tf.memory().numTensors).toBe(before)
    classifier.dispose()
  })
})

it('names the weights that are not finite', async () => {
  const file = join(await temporaryFolder(), 'wrong.safetensors')
  const { tensors, metadata } = await loadSafetensors(weightsFile('emoji-conv64f'))
  const [name] = Object.keys(tensors).filter((each) => each.endsWith('weight')) as [string]
  const data = Float32Array.from(tensors[name]!.data as Float32Array)
  data[3] = NaN
  await saveSafetensors(file, { ...tensors, [name]: { ...tensors[name]!, data } }, metadata)
  await expect(FewShotClassifier.load(file)).rejects.toThrow(
    new RegExp(
      `wrong\\.safetensors: tensor \\S+ is not finite: 1 of its ${data.length} values, the first at 3 \\(NaN\\)`,
    ),
  )
})

it('names saved classes that are not finite', async () => {
  const folder = await temporaryFolder()
  const classifier = await FewShotClassifier.load('emoji-conv64f')
  await addTwo(classifier)
  const [saved, wrong] = [join(folder, 'classes.safetensors'), join(folder, 'wrong.safetensors')]
  await classifier.save(saved)
  const { tensors, metadata } = await loadSafetensors(saved)
  const data = Float32Array.from(tensors.map!.data as Float32Array).fill(Infinity, 0, 2)
  await saveSafetensors(wrong, { ...tensors, map: { ...tensors.map!, data } }, metadata)
  await expect(classifier.load(wrong)).rejects.toThrow(
    /wrong\.safetensors: the map of its pictures are not finite: 2 of/,
  )
  classifier.dispose()
})

it('calibrates familiarity by finite scores alone', async () => {
  const classifier = await FewShotClassifier.load('emoji-conv64f')
  await addTwo(classifier)
  const { known, strangers } = await classifier.leaveOneOut()
  const [first, ...others] = known as [LeaveOneOut['known'][number], ...LeaveOneOut['known']]
  const wrong = {
    ...first,
    levels: { ...first.levels, pixel: { ...first.levels.pixel!, scores: [NaN, NaN] } },
  }
  expect(() => new Familiarity({ known: [wrong, ...others], strangers })).toThrow('are not finite')
  expect(() => new Familiarity({ known, strangers }).of(wrong)).toThrow('are not finite')
  classifier.dispose()
})
