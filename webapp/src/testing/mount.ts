import { mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { makeRouter } from '@/router'
import { useConfigStore } from '@/api/config'
import { appConfig, grant, stubTabs } from './edge'

interface MountOptions {
  signedIn?: boolean
  path?: string
  props?: Record<string, unknown>
}

/** Mounts a component with stores, router and configuration, as the app does. */
export async function mountApp(component: Component, options: MountOptions = {}): Promise<VueWrapper> {
  stubTabs()
  localStorage.clear()
  sessionStorage.clear()
  if (options.signedIn !== false) localStorage.setItem('snaptask.session', JSON.stringify(grant))
  const pinia = createPinia()
  setActivePinia(pinia)
  useConfigStore().current = appConfig
  const router = makeRouter()
  await router.push(options.path ?? '/')
  document.body.innerHTML = ''
  return mount(component, { attachTo: document.body, props: options.props ?? {}, global: { plugins: [pinia, router] } })
}

/** Returns the button with this text or label. */
export function button(wrapper: VueWrapper, name: string) {
  const found = wrapper.findAll('button').find((one) => one.text() === name || one.attributes('aria-label') === name)
  if (found === undefined) throw new Error(`there is no button “${name}” in ${wrapper.html()}`)
  return found
}
