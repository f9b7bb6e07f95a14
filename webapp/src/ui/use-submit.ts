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
  submit: (...args: Args) => Promise<void>
  /** Shows what was thrown, as if the call had thrown it. */
  fail: (thrown: unknown) => Promise<void>
} {
  const busy = ref(false)
  const errors = ref<Readonly<Partial<Record<string, string>>>>({})
  const problem = ref<string | null>(null)
  const form = useTemplateRef<HTMLElement>('form')

  async function submit(...args: Args): Promise<void> {
    if (busy.value) return
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
  }

  return { busy, errors, problem, submit, fail }
}
