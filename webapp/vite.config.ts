import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { errorPage } from './error-page/plugin.ts'
import { contract } from './openapi/plugin.ts'

/** The limit for the app's JavaScript in bytes, gzipped. */
const scriptLimit = 100_000

/** Writes NAME.gz and NAME.br beside each text file of the build, so that the server compresses nothing at run time. */
const compress: Plugin = {
  name: 'snaptask-compress',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      let scripts = 0
      for (const file of Object.values(bundle)) {
        if (!/\.(js|css|html|svg|json|yaml|txt)$/.test(file.fileName) || file.fileName === 'error.html') continue
        const source = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        const gzip = gzipSync(source, { level: 9 })
        const brotli = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } })
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzip })
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: brotli })
        if (file.fileName.endsWith('.js')) scripts += gzip.length
      }
      if (scripts > scriptLimit) this.error(`the app's JavaScript has ${scripts.toString()} bytes gzipped; the limit is ${scriptLimit.toString()}`)
    },
  },
}

/** `npm run dev` forwards to a running application. */
const running = process.env.SNAPTASK_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue(), contract, errorPage, compress],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: 'server/dist',
    // The licences of what is bundled, for distribution with it.
    license: { fileName: 'licenses.txt' },
    // The Content Security Policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/function': running, '/uploads': running, '/config.json': running },
  },
  test: {
    environment: 'happy-dom',
    include: ['{src,openapi}/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
