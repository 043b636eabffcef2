import { expect, test } from 'vitest'
import type { PicturePrediction } from '../classifier/classification-report.js'
import { doubtfulFirst, surestFirst } from './doubt.js'

test('the doubtful are those of no class, then mistakes, then those that lead by little', () => {
  const pictures = [
    picture('sure', 'hen', 0.9),
    picture('close', 'hen', 0.51),
    picture('wrong', 'owl', 0.8),
    picture('strange', 'unknown', 0.99),
  ]
  expect(doubtfulFirst(pictures).map(({ file }) => file)).toEqual(['strange', 'wrong', 'close', 'sure'])
  expect(surestFirst(pictures).map(({ file }) => file)).toEqual(['sure', 'wrong', 'close', 'strange'])
})

function picture(file: string, label: string, probability: number): PicturePrediction {
  const probabilities = [
    { label: 'hen', probability },
    { label: 'owl', probability: 1 - probability },
  ]
  return { file, label, probability, probabilities, levels: {}, nearest: 'hen', truth: 'hen' }
}
