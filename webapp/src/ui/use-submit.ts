import { useIntervalFn } from '@vueuse/core'
import { nextTick, ref, useTemplateRef, type Ref } from 'vue'
import { asProblem } from '@/api/problem'
import { problemText } from './problem-text'

/**
 * The state of a form around its one call, which throws a Problem when it fails. Only one call runs at a time. Within the
 * element with the template ref "form", the first field with an error gets the focus.
 */
export function useSubmit<Args extends unknown[]>(call: (...args: Args) => Promise<void>): {
  busy: Readonly<Ref<boolean>>
  /** Error messages by field. */
  errors: Ref<Readonly<Partial<Record<string, string>>>>
  /** Any other error. */
  problem: Ref<string | null>
  /** For how many seconds the server refuses the next call; until then, submit does nothing. */
  wait: Ref<number>
  submit: (...args: Args) => Promise<void>
  /** Shows what was thrown, as if the call had thrown it. */
  fail: (thrown: unknown) => Promise<void>
} {
  const busy = ref(false)
  const errors = ref<Readonly<Partial<Record<string, string>>>>({})
  const problem = ref<string | null>(null)
  const wait = ref(0)
  const form = useTemplateRef<HTMLElement>('form')

  const { pause, resume } = useIntervalFn(() => {
    if (wait.value === 1) problem.value = null
    wait.value = Math.max(0, wait.value - 1)
    if (wait.value === 0) pause()
  }, 1000, { immediate: false })

  async function submit(...args: Args): Promise<void> {
    if (busy.value || wait.value > 0) return
    busy.value = true
    problem.value = null
    errors.value = {}
    try {
      await call(...args)
    } catch (thrown) {
      await fail(thrown)
    } finally {
      busy.value = false
    }
  }

  async function fail(thrown: unknown): Promise<void> {
    const reason = asProblem(thrown)
    errors.value = reason.fields
    await nextTick()
    const invalid = form.value?.querySelectorAll<HTMLElement>('[aria-invalid="true"]') ?? []
    invalid[0]?.focus()
    const allShown = invalid.length > 0 && invalid.length === Object.keys(reason.fields).length
    problem.value = reason.cancelled || reason.code === 'invalid' || allShown ? null : problemText(reason)
    wait.value = reason.status === 429 ? Math.ceil(reason.retryAfter) : 0
    if (wait.value > 0) resume()
  }

  return { busy, errors, problem, wait, submit, fail }
}
