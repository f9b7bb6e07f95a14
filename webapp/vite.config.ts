import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { contract } from './openapi/plugin.ts'

/** How many bytes of packed JavaScript the whole app may have. */
const scriptLimit = 100_000

/** Writes NAME.gz beside each text file of the build, so that the server need not pack anything at run time. */
const packed: Plugin = {
  name: 'snaptask-packed',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      let scripts = 0
      for (const file of Object.values(bundle)) {
        if (!/\.(js|css|html|svg|json|yaml)$/.test(file.fileName)) continue
        const source = file.type === 'chunk' ? file.code : file.source
        const small = gzipSync(source, { level: 9 })
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: small })
        if (file.fileName.endsWith('.js')) scripts += small.length
      }
      if (scripts > scriptLimit) this.error(`the app's JavaScript has ${scripts.toString()} bytes packed, ${scriptLimit.toString()} at most`)
    },
  },
}

/** `npm run dev` takes functions and configuration from a Snaptask that runs here already. */
const running = process.env.SNAPTASK_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue(), contract, packed],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // The server's policy allows no data: addresses and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/function': running, '/config.json': running },
  },
  test: {
    environment: 'happy-dom',
    include: ['{src,openapi}/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
