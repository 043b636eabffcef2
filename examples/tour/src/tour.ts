import { openEmoji } from '@m2l/dataset-emoji'
import type { RgbImage } from '@m2l/pictures'
import { loadEngine, randomKey } from '@m2l/engine'
import { leaveOnBrokenPipe } from '@m2l/engine-native'
import { Familiarity, FewShotClassifier } from '@m2l/m2l'
import { sampleEpisodes, type Episode } from '@m2l/samplers'
import { interval95 } from '@m2l/trainer'
import { nearestByPixels } from './nearest-by-pixels.js'
import { heading, list, percent, say } from './say.js'

leaveOnBrokenPipe()
await loadEngine()

heading('1. The pictures')
say(`Here are emoji, each drawn by eight artists. One emoji is a *class*, one drawing of it is an *example*. The network
  that you will meet in step 4 has learned from 572 of these classes. All pictures of this tour are of other classes,
  which it has never seen.`)
const emoji = await openEmoji({ size: 32 })
const unseen = emoji.splits.test!
say(
  `There are ${unseen.classes.length} unseen classes, such as ${nameOf(10)}, ${nameOf(60)} and ${nameOf(90)}.`,
)

heading('2. One question')
say(`A few-shot question shows you a few classes with very few examples of each, and asks for the class of other
  pictures. Researchers call the whole question an *episode*, the examples its *support* and the pictures that are to
  be recognised its *queries*. Five classes with one example each are "5-way 1-shot".`)
const [question, ...others] = questionsOf({ shots: 1, questions: 40 })
say(`Here is one with five classes: ${labelsOf(question!).join(', ')}. Each has one example and five queries.
  Whoever guesses is right in 20 %.`)

heading('3. An answer without learning')
say(
  `Compare a query with the five examples pixel by pixel, and take the nearest. Colours alone carry it some way.`,
)
const byPixels = await answersByPixels(question!)
say(`Of 25 queries, ${byPixels.filter(Boolean).length} are right.`)

heading('4. An answer with a network that has learned to compare')
say(`FewShotClassifier puts each picture through a small network, and compares what the network sees of it. The network
  was trained on questions such as this one, about other classes. It does not learn the five classes: it looks
  at their examples, which takes milliseconds.`)
const classifier = await FewShotClassifier.load('emoji-conv64f')
const answers = await answersOf(question!)
say(`Of the same 25 queries, ${answers.filter(({ label, truth }) => label === truth).length} are right.`)

heading('5. Many questions')
say(`One question is luck. So the same is asked of 40 questions, and the mean accuracy is told with the interval in
  which the truth lies in 95 of 100 cases. Every result in this field is of this form.`)
const pixelAccuracies = [shareOf(byPixels)]
const all = [answers]
for (const other of others) {
  pixelAccuracies.push(shareOf(await answersByPixels(other)))
  all.push(await answersOf(other))
}
say(
  `Pixels: ${intervalOf(pixelAccuracies)}. The network: ${intervalOf(all.map((some) => accuracyOf(some, 'fused')))}.`,
)

heading('6. Three ways to look')
say(`M2L, the method of this project, compares pictures at three levels. *Pixel*: small patches of both pictures, each
  with the one that resembles it most. *Part*: crops of the picture, such as its left half. *Global*: the picture as a
  whole. Their answers are then fused into one.`)
list(
  ['pixel', 'part', 'global', 'fused'].map(
    (level) => `${level.padEnd(6)} ${intervalOf(all.map((some) => accuracyOf(some, level)))}`,
  ),
)

heading('7. More examples')
const withFive: number[] = []
for (const other of questionsOf({ shots: 5, questions: 20 }))
  withFive.push(accuracyOf(await answersOf(other), 'fused'))
say(`With five examples of each class ("5-shot") it becomes easier: ${intervalOf(withFive)}.`)

heading('8. Pictures of none of the classes')
say(`A classifier always names one of its classes. How *familiar* a picture is tells whether to believe it: the
  examples, each left out in turn, show how near pictures of known and of unknown classes come.`)
const [ten] = questionsOf({ shots: 5, questions: 1, ways: 10 })
await learn(ten!)
const familiarity = new Familiarity(await classifier.leaveOneOut())
const isFamiliar = async (pictures: RgbImage[]) =>
  (await classifier.classify(pictures)).map((answer) => familiarity.of(answer) >= 0.5)
const strangers = unseen.classes.flatMap(({ images }, index) =>
  ten!.classes.includes(index) ? [] : [images[0]!],
)
const known = await isFamiliar((await queriesOf(ten!)).map(({ picture }) => picture))
const unknown = await isFamiliar(await emoji.readMany(strangers.slice(0, 60)))
say(`Of pictures of ten classes ${percent(shareOf(known))} are familiar, of 60 pictures of other classes
  ${percent(shareOf(unknown))}.`)

heading('9. Your turn')
list([
  'your own pictures, a folder for each class   npx m2l classify --support FOLDER --query PICTURES',
  'train such a network yourself, in minutes    npm run quickstart',
  'the program of this tour                     examples/tour/src/tour.ts',
])

classifier.dispose()
await emoji.close()

function nameOf(index: number): string {
  return unseen.classes[index]!.name
}

/** The same questions whenever it is called: they hang on the key alone. */
function questionsOf({
  shots,
  questions,
  ways = 5,
}: {
  shots: number
  questions: number
  ways?: number
}): Episode[] {
  const queries = shots === 1 ? 5 : 3
  return sampleEpisodes(unseen, { ways, shots, queries, key: randomKey(1), episodes: questions })
}

function labelsOf(episode: Episode): string[] {
  return episode.classes.map(nameOf)
}

async function readOf(episode: Episode, which: 'support' | 'query'): Promise<RgbImage[][]> {
  const ofClasses = episode[which].map((images, way) =>
    images.map((image) => unseen.classes[episode.classes[way]!]!.images[image]!),
  )
  return Promise.all(ofClasses.map((images) => emoji.readMany(images)))
}

async function queriesOf(episode: Episode): Promise<{ truth: string; picture: RgbImage }[]> {
  const labels = labelsOf(episode)
  const pictures = await readOf(episode, 'query')
  return pictures.flatMap((ofClass, way) => ofClass.map((picture) => ({ truth: labels[way]!, picture })))
}

async function answersByPixels(episode: Episode): Promise<boolean[]> {
  const examples = (await readOf(episode, 'support')).map(([example]) => example!)
  const queries = await queriesOf(episode)
  const labels = labelsOf(episode)
  return queries.map(({ truth, picture }) => labels[nearestByPixels(picture, examples)] === truth)
}

/** Forgets the classes of the last question and learns those of this one. */
async function learn(episode: Episode): Promise<void> {
  for (const { label } of classifier.classes) classifier.remove(label)
  const examples = await readOf(episode, 'support')
  for (const [way, label] of labelsOf(episode).entries()) await classifier.add(label, examples[way]!)
}

async function answersOf(episode: Episode) {
  await learn(episode)
  const queries = await queriesOf(episode)
  const found = await classifier.classify(queries.map(({ picture }) => picture))
  return found.map(({ label, levels }, index) => ({ truth: queries[index]!.truth, label, levels }))
}

function accuracyOf(some: Awaited<ReturnType<typeof answersOf>>, level: string): number {
  return shareOf(
    some.map(({ truth, label, levels }) => truth === (level === 'fused' ? label : levels[level]!.label)),
  )
}

function shareOf(answered: readonly boolean[]): number {
  return answered.filter(Boolean).length / answered.length
}

function intervalOf(accuracies: readonly number[]): string {
  const { mean, halfWidth95 } = interval95(accuracies)
  return `${(100 * mean).toFixed(1)} ± ${percent(halfWidth95)}`
}
