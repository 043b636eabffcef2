import { loadEngine, tf } from '@m2l/engine'
import { explainImageToClass, imageToClassScores, type MetricLevel } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import type { QueryExplanation } from './index.js'
import { planted, plantedExplainer, red, silentLevel } from './planted-pictures.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

/** The image-to-class measure on one field of the embedding. */
function matchingLevel(field: 'map' | 'parts'): MetricLevel {
  const descriptors = (x: tf.Tensor) => x.reshape<tf.Tensor3D>([x.shape[0]!, -1, x.shape.at(-1)!])
  return {
    name: field,
    needs: [field],
    state: {},
    scores: (support, query) =>
      tf.tidy(() =>
        imageToClassScores(descriptors(query[field]!), descriptors(support[field]!), support.shots),
      ),
    explain: (support, query) =>
      explainImageToClass(field, () => ({
        query: descriptors(query[field]!),
        support: descriptors(support[field]!),
        shots: support.shots,
      })),
  }
}

const query = { name: 'photo.png', picture: planted(red, 3, 2) }

async function explained(
  ...[levels, encoding]: Parameters<typeof plantedExplainer>
): Promise<QueryExplanation> {
  const before = tf.memory().numTensors
  const explainer = plantedExplainer(levels, encoding)
  try {
    return await explainer.explain(query, { truth: 'red' })
  } finally {
    explainer.dispose()
    expect(tf.memory().numTensors).toBe(before)
  }
}

const square = (row: number, column: number) => ({
  top: row / 4,
  bottom: (row + 1) / 4,
  left: column / 4,
  right: (column + 1) / 4,
})

function overlaps(a: Region, b: Region): boolean {
  return a.top < b.bottom && b.top < a.bottom && a.left < b.right && b.left < a.right
}

describe('QueryExplainer', () => {
  it('finds where what was planted in the query met what was planted in the supports', async () => {
    const explanation = await explained([matchingLevel('map')])
    expect(explanation).toMatchObject({ query: 'photo.png', predicted: 'red', truth: 'red' })
    const { origin, lead } = explanation.levels[0]!.classes[0]!
    expect(origin!.matches![0]).toMatchObject({
      query: square(3, 2),
      support: square(0, 0),
      picture: 'red/1.png',
      index: 0,
    })
    expect(origin!.matches![0]!.similarity).toBeCloseTo(1, 5)
    const { places } = origin!.query.pictures[0]!
    expect(places).toHaveLength(16)
    expect(places.toSorted((a, b) => b.evidence - a.evidence)[0]!.region).toEqual(square(3, 2))
    expect(places.reduce((sum, { evidence }) => sum + evidence, 0)).toBeCloseTo(lead, 4)
  })

  it('tells places of parts that are crops of the picture', async () => {
    const { levels } = await explained([matchingLevel('parts')])
    const [best] = levels[0]!.classes[0]!.origin!.matches!
    // Parts overlap: several show some of what was planted on grey.
    expect(overlaps(best!.query, square(3, 2))).toBe(true)
    expect(overlaps(best!.support, square(0, 0))).toBe(true)
    expect(best!.query.bottom - best!.query.top).toBe(0.375)
  })

  it('tells places of parts that are regions of the map, and of a pyramid', async () => {
    const regions = [square(0, 0), square(3, 2)]
    const ofRegions = await explained([matchingLevel('parts')], { map: 'positions', regions })
    expect(ofRegions.levels[0]!.classes[0]!.origin!.matches![0]).toMatchObject({
      query: square(3, 2),
      support: square(0, 0),
    })
    const ofPyramid = await explained([matchingLevel('map')], { map: 'pyramid', sizes: [3, 1] })
    const { places } = ofPyramid.levels[0]!.classes[0]!.origin!.query.pictures[0]!
    expect(places).toHaveLength(10)
    // Of 4 positions each of 3 cells covers 2.
    expect(places[4]!.region).toEqual({ top: 0.25, bottom: 0.75, left: 0.25, right: 0.75 })
    expect(places[9]!.region).toEqual({ top: 0, bottom: 1, left: 0, right: 1 })
  })

  it('gives probabilities of all classes, and of a level that does not explain the scores', async () => {
    const { probabilities, levels } = await explained([matchingLevel('map'), silentLevel])
    expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
    expect(levels.map(({ name, explains }) => [name, explains])).toEqual([
      ['map', true],
      ['silent', false],
    ])
    expect(levels[1]!.classes.map(({ origin }) => origin)).toEqual([undefined, undefined])
  })

  it('tells origins of the likeliest classes only, and of the true one', async () => {
    const explainer = plantedExplainer([matchingLevel('map')])
    const one = await explainer.explain(query, { classes: 1 })
    expect(one.levels[0]!.classes.map(({ origin }) => origin !== undefined)).toEqual([true, false])
    const withTruth = await explainer.explain(query, { classes: 1, truth: 'green' })
    expect(withTruth.levels[0]!.classes.map(({ origin }) => origin !== undefined)).toEqual([true, true])
    explainer.dispose()
  })
})
