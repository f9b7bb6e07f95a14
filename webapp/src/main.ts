import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { makeRouter } from './router'
import { useConfigStore } from './api/config'
import './ui/tokens.css'
import './ui/base.css'

const app = createApp(App)
app.use(createPinia())
app.use(makeRouter())
// It says where functions are; the page has begun to fetch it already.
void useConfigStore().load().then(() => app.mount('#app'))
