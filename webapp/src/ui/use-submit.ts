import { nextTick, ref, useTemplateRef, type Ref } from 'vue'
import { asProblem } from '@/api/problem'

/**
 * What a form needs around the one call that it makes: whether it runs, what is wrong with which field, and what else is. The
 * call throws a Problem when it comes to nothing; while it runs no other starts. In the element with the ref "form" the first
 * field that is wrong gets the focus.
 */
export function useSubmit<Args extends unknown[]>(act: (...args: Args) => Promise<void>): {
  busy: Readonly<Ref<boolean>>
  wrong: Ref<Readonly<Partial<Record<string, string>>>>
  problem: Ref<string | null>
  submit: (...args: Args) => Promise<void>
} {
  const busy = ref(false)
  const wrong = ref<Readonly<Partial<Record<string, string>>>>({})
  const problem = ref<string | null>(null)
  const form = useTemplateRef<HTMLElement>('form')

  async function submit(...args: Args): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    wrong.value = {}
    try {
      await act(...args)
    } catch (thrown) {
      const reason = asProblem(thrown)
      wrong.value = reason.fields
      await nextTick()
      const marked = form.value?.querySelectorAll<HTMLElement>('[aria-invalid="true"]') ?? []
      marked[0]?.focus()
      // Where every field that is wrong says so itself, that some are is no news.
      const isSaid = marked.length > 0 && marked.length === Object.keys(reason.fields).length
      problem.value = reason.cancelled || reason.message === '' || isSaid ? null : reason.message
    } finally {
      busy.value = false
    }
  }

  return { busy, wrong, problem, submit }
}
