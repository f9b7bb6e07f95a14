import { defineStore } from 'pinia'
import { ref } from 'vue'
import { functions } from './functions'
import { setGateway } from './request'
import type { AppConfig } from './types'

/** Used until the web server answers. */
const defaults: AppConfig = {
  gateway: '',
  registration: false,
  uploads: 'direct',
  limits: {
    pictureBytes: 16 * 2 ** 20,
    pictureTypes: ['image/jpeg', 'image/png', 'image/webp'],
    titleLength: 255,
    bodyBytes: 65_535,
  },
}

/** The app starts no later than this, in milliseconds. */
const timeout = 5000

/** The web server's configuration. */
export const useConfigStore = defineStore('config', () => {
  const current = ref<AppConfig>(defaults)

  /** Loads the configuration. Without it the defaults apply, and the next call reports what is wrong. */
  async function load(): Promise<void> {
    const loaded = await functions.appConfig(AbortSignal.timeout(timeout)).catch(() => defaults)
    current.value = { ...defaults, ...loaded } // a web server of another version may know less
    setGateway(current.value.gateway)
  }

  return { current, load }
})
