import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'
import { parse } from 'yaml'
import type { Contract } from './document.ts'
import { render } from './render.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Adds the contract of the functions to the build: openapi.yaml, and api.html for people. */
export const contract: Plugin = {
  name: 'snaptask-contract',
  apply: 'build',
  generateBundle() {
    const asset = (name: string, source: string): string =>
      `/${this.getFileName(this.emitFile({ type: 'asset', name, source }))}`
    const source = read('../../functions/openapi.yaml')
    const assets = {
      style: asset('api.css', read('../src/ui/tokens.css') + read('./page.css')),
      icon: asset('icon.svg', read('../src/ui/icon.svg')),
    }
    this.emitFile({ type: 'asset', fileName: 'openapi.yaml', source })
    this.emitFile({ type: 'asset', fileName: 'api.html', source: render(parse(source) as Contract, assets) })
  },
}
