import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded, type Router } from 'vue-router'
import AccountView from './account/AccountView.vue'
import RegisterView from './account/RegisterView.vue'
import { useSessionStore } from './account/session'
import SignInView from './account/SignInView.vue'
import NotFoundView from './NotFoundView.vue'
import { keepPlace, placeAt, rememberPlace } from './tasks/scroll-place'
import TasksView from './tasks/TasksView.vue'
import { text } from './ui/text'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Who may see the view; by default those who are signed in. */
    for?: 'signed-out' | 'all'
  }
}

/** Returns the path to go to after signing in: on this site, where the session had ended, or else the tasks. */
export function pathAfterSignIn({ query: { next } }: RouteLocationNormalizedLoaded): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'tasks', component: TasksView, meta: { title: text.tasks.page } },
      { path: '/account', name: 'account', component: AccountView, meta: { title: text.account.page } },
      { path: '/sign-in', name: 'sign-in', component: SignInView, meta: { title: text.signIn.page, for: 'signed-out' } },
      { path: '/register', name: 'register', component: RegisterView, meta: { title: text.register.page, for: 'signed-out' } },
      { path: '/:any(.*)', name: 'not-found', component: NotFoundView, meta: { title: text.notFound.page, for: 'all' } },
    ],
    // A change of filters keeps the scroll position, but what a label finds is at the top.
    scrollBehavior: (to, from, saved) => {
      if (saved !== null) {
        void keepPlace(to.fullPath)
        return placeAt(to.fullPath) ?? saved
      }
      const isLabelChosen = to.query.label !== undefined && to.query.label !== from.query.label
      return to.name === from.name && !isLabelChosen ? false : { top: 0 }
    },
  })
  router.beforeEach((to, from) => {
    if (from.name === 'tasks') rememberPlace(from.fullPath)
    const signedIn = useSessionStore().token !== null
    if (!signedIn && to.meta.for === undefined) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    return signedIn && to.meta.for === 'signed-out' ? { name: 'tasks' } : true
  })
  router.afterEach((to) => { document.title = text.app.title(to.meta.title) })
  return router
}
