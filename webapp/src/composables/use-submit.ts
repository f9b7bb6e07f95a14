import { ref, type Ref } from 'vue'
import { asProblem } from '@/api/problem'

/** What a form needs around the one call that it makes: whether it runs, what is wrong with which field, and what else is. */
export function useSubmit(act: () => Promise<void>): {
  busy: Readonly<Ref<boolean>>
  wrong: Readonly<Ref<Readonly<Partial<Record<string, string>>>>>
  problem: Ref<string | null>
  submit: () => Promise<void>
} {
  const busy = ref(false)
  const wrong = ref<Readonly<Partial<Record<string, string>>>>({})
  const problem = ref<string | null>(null)

  async function submit(): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    wrong.value = {}
    try {
      await act()
    } catch (thrown) {
      const reason = asProblem(thrown)
      wrong.value = reason.fields
      if (!reason.cancelled) problem.value = reason.message
    } finally {
      busy.value = false
    }
  }

  return { busy, wrong, problem, submit }
}
