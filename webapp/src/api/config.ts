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

/** Calls wait no longer than this for the configuration, in milliseconds. */
const timeout = 5000

/** The web server's configuration. */
export const useConfigStore = defineStore('config', () => {
  const current = ref<AppConfig>(defaults)
  const isLoaded = ref(false)

  /** Loads the configuration. Without it the defaults apply, and the next call reports what is wrong. */
  async function load(): Promise<void> {
    const loading = functions.appConfig(AbortSignal.timeout(timeout)).catch(() => defaults)
      .then((loaded) => ({ ...defaults, ...loaded })) // a web server of another version may know less
    setGateway(loading.then(({ gateway }) => gateway))
    current.value = await loading
    isLoaded.value = true
  }

  return { current, isLoaded, load }
})
