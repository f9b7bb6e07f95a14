import type { Prediction } from '@/api/types'

/**
 * The predictions strong enough to be shown at first: those that score at least 0.05 and at least a third of the best. The
 * functions search by the same rule. Predictions come best first.
 */
export function strongPredictions(all: readonly Prediction[]): Prediction[] {
  const bound = Math.max(0.05, (all[0]?.score ?? 0) / 3)
  return all.filter((prediction) => prediction.score >= bound)
}
