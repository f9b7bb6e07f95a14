/** The shapes of the functions' JSON, as the HTTP contract has them. */

export type ImageStatus = 'none' | 'pending' | 'done' | 'failed'

export interface Prediction {
  label: string
  /** 0..1 */
  score: number
}

export interface Task {
  id: string
  title: string
  body: string
  /** YYYY-MM-DD */
  dueDate: string
  completed: boolean
  /** RFC 3339, UTC */
  createdAt: string
  updatedAt: string
  version: number
  /** Whether a picture is attached. */
  upload: boolean
  imageStatus: ImageStatus
  labels: string[]
  /** Best first; empty unless imageStatus is done. */
  predictions: Prediction[]
}

/** What a person writes about a task. */
export interface TaskDraft {
  title: string
  body: string
  dueDate: string
}

export interface NewTask extends TaskDraft {
  /** A UUID of version 7, so that sending it twice makes one task. */
  id: string
}

/** What of a task can be changed. */
export type TaskFields = Partial<TaskDraft & { completed: boolean }>

export interface TaskChange extends TaskFields {
  /** That of the task which the change is for. */
  version: number
}

export interface PasswordChange {
  currentPassword: string
  newPassword: string
}

export interface Credentials {
  username: string
  password: string
}

export interface SessionGrant {
  token: string
  username: string
  /** RFC 3339, UTC */
  expiresAt: string
}

export interface ErrorBody {
  error: {
    code: string
    message: string
    fields?: Record<string, string>
    requestId?: string
  }
}

/** What the web server tells the app about itself: /config.json. */
export interface AppConfig {
  registration: boolean
  limits: {
    pictureBytes: number
    pictureTypes: string[]
    /** characters */
    titleLength: number
    bodyBytes: number
  }
}

export type PictureSize = 'thumb' | 'full'
