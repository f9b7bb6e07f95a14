import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded, type Router } from 'vue-router'
import { useSessionStore } from './account/session'
import { text } from './ui/text'
import AccountView from './account/AccountView.vue'
import NotFoundView from './NotFoundView.vue'
import RegisterView from './account/RegisterView.vue'
import SignInView from './account/SignInView.vue'
import TasksView from './tasks/TasksView.vue'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Whom the view is for; without it for who is signed in. */
    for?: 'strangers' | 'all'
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
      { path: '/account', name: 'account', component: AccountView, meta: { title: text.account.page } },
      { path: '/sign-in', name: 'sign-in', component: SignInView, meta: { title: text.signIn.page, for: 'strangers' } },
      { path: '/register', name: 'register', component: RegisterView, meta: { title: text.register.page, for: 'strangers' } },
      { path: '/:any(.*)', name: 'not-found', component: NotFoundView, meta: { title: text.notFound.page, for: 'all' } },
    ],
    // Another view begins at its top; the same one, found by other filters, stays where it is.
    scrollBehavior: (to, from, saved) => saved ?? (to.name === from.name ? false : { top: 0 }),
  })
  router.beforeEach((to) => {
    const signedIn = useSessionStore().token !== null
    if (!signedIn && to.meta.for === undefined) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    return signedIn && to.meta.for === 'strangers' ? { name: 'tasks' } : true
  })
  router.afterEach((to) => { document.title = text.app.title(to.meta.title) })
  return router
}
