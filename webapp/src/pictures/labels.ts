import type { Prediction } from '@/api/types'

/** Returns the predictions that score at least 0.05 and a third of the best. They come best first. The functions search by the same rule. */
export function strongPredictions(predictions: readonly Prediction[]): Prediction[] {
  const limit = Math.max(0.05, (predictions[0]?.score ?? 0) / 3)
  return predictions.filter(({ score }) => score >= limit)
}
