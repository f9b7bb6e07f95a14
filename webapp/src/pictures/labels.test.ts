import { describe, expect, test } from 'vitest'
import { strongPredictions } from './labels'

const predictions = (...scores: number[]) => scores.map((score, index) => ({ label: String(index), score }))

describe('strong predictions', () => {
  test.each([
    ['none without predictions', [], 0],
    ['a third of the best and more', [0.6, 0.2, 0.19], 2],
    ['never under 0.05', [0.06, 0.05, 0.049], 2],
    ['none when all are weak', [0.04, 0.03], 0],
  ])('%s', (_name, scores, count) => {
    expect(strongPredictions(predictions(...scores))).toHaveLength(count)
  })
})
