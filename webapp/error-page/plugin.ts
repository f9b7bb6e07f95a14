import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Adds error.html to the build, the Go template of the server's error page. */
export const errorPage: Plugin = {
  name: 'snaptask-error-page',
  apply: 'build',
  generateBundle() {
    const asset = (name: string, source: string): string =>
      `/${this.getFileName(this.emitFile({ type: 'asset', name, source }))}`
    const source = read('./error.html')
      .replace('/src/error.css', asset('error.css', read('../src/ui/tokens.css') + read('./error.css')))
      .replaceAll('/src/icon.svg', asset('icon.svg', read('../src/ui/icon.svg')))
    this.emitFile({ type: 'asset', fileName: 'error.html', source })
  },
}
