import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { useConfigStore } from './api/config'
import App from './App.vue'
import { makeRouter } from './router'
import './ui/tokens.css'
import './ui/base.css'

const app = createApp(App)
app.use(createPinia())
// index.html preloads the configuration. Only calls wait for it, because it names the gateway.
void useConfigStore().load()
const router = makeRouter()
app.use(router)
void router.isReady().then(() => app.mount('#app'))
