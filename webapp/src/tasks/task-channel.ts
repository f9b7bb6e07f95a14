import type { Task } from '@/api/types'

/** What one tab tells the others: a task as it has become, or that it is gone. */
export type TaskNews = { task: Task } | { gone: string }

interface Message {
  username: string
  news: TaskNews
}

/** Joins the tabs of this browser that show tasks of the same person; news of another person's tasks is not heard. */
export function openTaskChannel(username: () => string | null, heard: (news: TaskNews) => void): { tell: (news: TaskNews) => void } {
  const channel = new BroadcastChannel('snaptask.tasks')
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.username === username()) heard(data.news)
  }
  return {
    tell(news) {
      const name = username()
      if (name !== null) channel.postMessage({ username: name, news } satisfies Message)
    },
  }
}
