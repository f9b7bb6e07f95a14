/** Saves a file as if it had been downloaded. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The browser reads the bytes after click() has returned.
  setTimeout(() => { URL.revokeObjectURL(link.href) }, 60_000)
}
