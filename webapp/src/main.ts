import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { useConfigStore } from './api/config'
import App from './App.vue'
import { makeRouter } from './router'
import './ui/tokens.css'
import './ui/base.css'

const app = createApp(App)
app.use(createPinia())
app.use(makeRouter())
// index.html preloads the configuration, which names the gateway.
void useConfigStore().load().then(() => app.mount('#app'))
