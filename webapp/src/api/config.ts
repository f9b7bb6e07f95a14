import { defineStore } from 'pinia'
import { ref } from 'vue'
import { functions } from './functions'
import { callFunctionsAt } from './request'
import type { AppConfig } from './types'

/** What holds until the web server has said otherwise. */
const defaults: AppConfig = {
  gateway: '',
  registration: false,
  limits: {
    pictureBytes: 16 * 2 ** 20,
    pictureTypes: ['image/jpeg', 'image/png', 'image/webp'],
    titleLength: 255,
    bodyBytes: 65_535,
  },
}

/** The longest wait for it, in milliseconds: the app does not begin before. */
const patience = 5000

/** What the web server tells about itself. */
export const useConfigStore = defineStore('config', () => {
  const current = ref<AppConfig>(defaults)

  /** Asks the web server; when it does not answer, the defaults stay, and the next call will show what is wrong. */
  async function load(): Promise<void> {
    current.value = await functions.appConfig(AbortSignal.timeout(patience)).catch(() => defaults)
    callFunctionsAt(current.value.gateway)
  }

  return { current, load }
})
