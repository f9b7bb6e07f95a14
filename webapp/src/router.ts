import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded, type Router } from 'vue-router'
import { useSessionStore } from '@/stores/session'
import { text } from '@/text'
import RegisterView from '@/views/RegisterView.vue'
import SignInView from '@/views/SignInView.vue'
import TasksView from '@/views/TasksView.vue'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Whether the view is for people who are not signed in. */
    open?: true
  }
}

/** Where somebody goes who has just signed in: back to where the session ended, if it did, on this site. */
export function placeAfterSignIn({ query: { next } }: RouteLocationNormalizedLoaded): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}

/** The views and their addresses; without a session all but the open ones lead to signing in. */
export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'tasks', component: TasksView, meta: { title: text.tasks.page } },
      { path: '/account', name: 'account', component: () => import('@/views/AccountView.vue'), meta: { title: text.account.page } },
      { path: '/sign-in', name: 'sign-in', component: SignInView, meta: { title: text.signIn.page, open: true } },
      { path: '/register', name: 'register', component: RegisterView, meta: { title: text.register.page, open: true } },
      { path: '/:any(.*)', redirect: '/' },
    ],
  })
  router.beforeEach((to) => {
    const signedIn = useSessionStore().token !== null
    if (!signedIn && to.meta.open !== true) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    return signedIn && to.meta.open === true ? { name: 'tasks' } : true
  })
  router.afterEach((to) => { document.title = text.app.title(to.meta.title) })
  return router
}
