/// <reference types="node" />
import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Familiarity, FewShotClassifier } from '@m2l/m2l'

const [examples, pictures, weights = 'cifar-fs-conv64f'] = process.argv.slice(2)
if (examples === undefined || pictures === undefined) {
  console.error(
    'usage: classify-own-images EXAMPLES PICTURES [WEIGHTS]; EXAMPLES has a folder for each class',
  )
  process.exit(2)
}
process.stdout.on('error', () => process.exit(141)) // nobody reads on, as after `| head`
process.on('uncaughtException', ({ message }) => {
  console.error(message) // a folder that is not there, or a class without pictures
  process.exit(2)
})

const classifier = await FewShotClassifier.load(weights)
for (const entry of await readdir(examples, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue
  const unreadable = await classifier.addReadable(entry.name, await imagesIn(join(examples, entry.name)))
  for (const { message } of unreadable.values()) complain(message)
}

const leaveOneOut = await classifier.leaveOneOut()
const recognised = leaveOneOut.known.filter(({ label, truth }) => label === truth).length
console.log(`${recognised} of ${leaveOneOut.known.length} examples are recognised by the others`)

const familiarity = new Familiarity(leaveOneOut)
const files = await imagesIn(pictures)
if (files.length === 0) complain(`${pictures}: holds no pictures`)
for (const [index, found] of (await classifier.classifyReadable(files)).entries()) {
  if (found instanceof Error) {
    complain(found.message)
    continue
  }
  const isKnown = familiarity.of(found) >= 0.5
  const levels = Object.entries(found.levels).map(([name, { label }]) => `${name}: ${label}`)
  console.log(
    `${files[index]}\t${isKnown ? found.label : 'unknown'}\t${found.probability.toFixed(3)}\t${levels.join(', ')}`,
  )
}
classifier.dispose()

async function imagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const isPicture = (name: string) =>
    !name.startsWith('.') && ['.jpg', '.jpeg', '.png', '.webp'].includes(extname(name).toLowerCase())
  return names
    .filter(isPicture)
    .sort()
    .map((name) => join(folder, name))
}

/** The others go on; the exit code tells that not all is well. */
function complain(message: string): void {
  console.error(message)
  process.exitCode = 2
}
