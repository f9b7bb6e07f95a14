/** Pictures up to this longest side in pixels and this size are sent as they are; the functions gain nothing from more. */
const limits = { side: 2560, bytes: 4 * 2 ** 20 }
const quality = 0.9

/**
 * Returns an upright JPEG that fits the limits, or the file itself if it is small enough already or the browser can't decode
 * it: then the server decides. Rejects only when the signal aborts.
 */
export async function shrink(file: File, signal: AbortSignal): Promise<File> {
  const smaller = await redraw(file).catch(() => null)
  signal.throwIfAborted()
  return smaller !== null && smaller.size < file.size ? smaller : file
}

async function redraw(file: File): Promise<File | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  try {
    const scale = Math.min(1, limits.side / Math.max(bitmap.width, bitmap.height))
    if (scale === 1 && file.size <= limits.bytes) return null
    const scaled = (side: number) => Math.max(1, Math.round(side * scale))
    const canvas = new OffscreenCanvas(scaled(bitmap.width), scaled(bitmap.height))
    const context = canvas.getContext('2d')
    if (context === null) return null
    // JPEG has no transparency; without this, it turns black.
    context.fillStyle = '#fff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
    return new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' })
  } finally {
    bitmap.close()
  }
}
