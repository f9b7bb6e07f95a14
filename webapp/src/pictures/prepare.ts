import { Problem } from '@/api/problem'

/** What the server keeps of a photo, by functions/internal/picture/size.go: more is not worth sending. */
const kept = { area: 2048 * 2048, readableSide: 512, longArea: 12_500_000 }

/** Files up to this size in bytes are sent as they are if their area is no larger than what is kept. */
const smallFile = 4 * 2 ** 20
/** Files that lose much as JPEG, such as screenshots, are sent as they are up to this area in pixels, the server's limit. */
const graphicsArea = 40_000_000

const quality = 0.9

/**
 * Returns the photo to send, with the type that its bytes have: the file itself, or an upright JPEG if it is larger than what is kept or of a format that only the
 * browser can decode. What the browser can't decode is for the server to judge if it may be one of its types; otherwise the Problem
 * wrong_type is thrown. Throws whatever aborts the signal.
 */
export async function prepare(file: File, types: readonly string[], signal: AbortSignal): Promise<File> {
  const type = typeOf(new Uint8Array(await file.slice(0, 12).arrayBuffer()))
  const bitmap = await createImageBitmapOf(file)
  try {
    signal.throwIfAborted()
    if (bitmap === null) {
      if (type === null && file.type !== '' && !types.includes(file.type)) throw new Problem(0, 'wrong_type')
      return withType(file, type)
    }
    if (type !== null && isSmall(bitmap, file, type)) return withType(file, type)
    const smaller = await redraw(bitmap, file.name)
    signal.throwIfAborted()
    return type === null || smaller.size < file.size ? smaller : withType(file, type)
  } finally {
    bitmap?.close()
  }
}

/** Returns the size at which the server keeps a picture. */
export function fit(width: number, height: number): [width: number, height: number] {
  const area = width * height
  const readable = Math.max(Math.sqrt(kept.area / area), kept.readableSide / Math.min(width, height))
  const scale = Math.min(readable, Math.sqrt(kept.longArea / area), 1)
  const scaled = (side: number) => Math.max(1, Math.floor(side * scale + 1e-6))
  return [scaled(width), scaled(height)]
}

function isSmall({ width, height }: ImageBitmap, file: File, type: string): boolean {
  const [keptWidth] = fit(width, height)
  return file.size <= smallFile && (keptWidth === width || (type === 'image/png' && width * height <= graphicsArea))
}

/** Returns the type of the formats that the server takes, by their first bytes: names and types of files can be wrong. */
function typeOf(start: Uint8Array): string | null {
  const text = String.fromCharCode(...start)
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG')) return 'image/png'
  return /^RIFF[^]{4}WEBP/.test(text) ? 'image/webp' : null
}

function withType(file: File, type: string | null): File {
  return type === null || type === file.type ? file : new File([file], file.name, { type })
}

/** Decodes a picture upright, the first one of an animation; null if the browser can't. */
async function createImageBitmapOf(file: File): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    return null
  }
}

async function redraw(bitmap: ImageBitmap, name: string): Promise<File> {
  const [width, height] = fit(bitmap.width, bitmap.height)
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (context === null) throw new Problem(0, 'defect')
  // JPEG has no transparency; without this, it turns black.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
  return new File([blob], name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' })
}
