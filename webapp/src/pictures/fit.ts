/** Longest side in pixels and size in bytes up to which a photo goes out as it is: more is of no use to the functions. */
const useful = { side: 2560, bytes: 4 * 2 ** 20 }
const quality = 0.9

/** The size that fits into a square of `side`, in the same proportions; never larger than it is. */
export function fitted(width: number, height: number, side = useful.side): { width: number; height: number } {
  const scale = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/**
 * A photo made smaller, upright, as JPEG, when it is far larger than useful; else the photo itself. Also the photo itself
 * when the browser can't read or draw it: the functions then decide. Rejects only when `signal` aborts.
 */
export async function fit(file: File, signal: AbortSignal): Promise<File> {
  const smaller = await redraw(file).catch(() => null)
  signal.throwIfAborted()
  return smaller !== null && smaller.size < file.size ? smaller : file
}

async function redraw(file: File): Promise<File | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  try {
    const { width, height } = fitted(bitmap.width, bitmap.height)
    if (width === bitmap.width && file.size <= useful.bytes) return null
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    if (context === null) return null
    // JPEG has no transparency, and what is seen through is not black.
    context.fillStyle = '#fff'
    context.fillRect(0, 0, width, height)
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, width, height)
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
    return new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' })
  } finally {
    bitmap.close()
  }
}
