import type { AppConfig } from '@/api/types'

/**
 * How a photo is sent. Directly: one call, which returns the labels. By event: to a presigned URL of the object store, which tells a
 * function to label it; nothing waits for that, so it suits large photos and many.
 */
export type Way = 'direct' | 'event'

/** The size in bytes from which a single photo goes by event. */
const largeSize = 2 ** 20

export function wayOf(picture: File, isOneOfSeveral: boolean, { uploads, limits }: Pick<AppConfig, 'uploads' | 'limits'>): Way {
  // Only the function itself can say what else a file is.
  if (uploads === 'direct' || !limits.pictureTypes.includes(picture.type)) return 'direct'
  return uploads === 'event' || isOneOfSeveral || picture.size >= largeSize ? 'event' : 'direct'
}
