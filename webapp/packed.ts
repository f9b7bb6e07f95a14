import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const worthPacking = /\.(js|css|html|svg|json)$/

/** Writes NAME.gz beside each text file of the build, so that the server need not pack anything at run time. */
export function packed(): Plugin {
  return {
    name: 'snaptask-packed',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (!worthPacking.test(file.fileName)) continue
          const source = file.type === 'chunk' ? file.code : file.source
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(source, { level: 9 }) })
        }
      },
    },
  }
}
