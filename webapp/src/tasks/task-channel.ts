import type { Task } from '@/api/types'

/** A task as it is now, or the id of one that was deleted. */
export type TaskNews = { task: Task } | { deleted: string }

interface Message {
  username: string
  news: TaskNews
}

/** Connects the tabs in which the same user is signed in. */
export function openTaskChannel(username: () => string | null, receive: (news: TaskNews) => void): { post: (news: TaskNews) => void } {
  const channel = new BroadcastChannel('snaptask.tasks')
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.username === username()) receive(data.news)
  }
  return {
    post(news) {
      const name = username()
      if (name !== null) channel.postMessage({ username: name, news } satisfies Message)
    },
  }
}
