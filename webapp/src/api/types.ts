import type { components } from './schema'

/** The shapes of the functions' JSON: those of openapi.yaml, and what of them the app makes use of. */
type Schemas = components['schemas']

export type Task = Schemas['Task']
export type ImageStatus = Task['imageStatus']
/** Its score is 0..1. */
export type Prediction = Schemas['Prediction']
export type Credentials = Schemas['Credentials']
export type SessionGrant = Schemas['Session']
export type PasswordChange = Schemas['PasswordChange']

/** What a person writes about a task; its day as YYYY-MM-DD. */
export type TaskDraft = Pick<Task, 'title' | 'body' | 'dueDate'>

/** A task to be made, with a UUID of version 7, so that sending it twice makes one task. */
export type NewTask = TaskDraft & Pick<Task, 'id'>

/** What of a task can be changed. */
export type TaskFields = Partial<TaskDraft & Pick<Task, 'completed'>>

/** A change of the task that has this version. */
export type TaskChange = TaskFields & Pick<Schemas['TaskChange'], 'version'>

/** What is read of an error. Its code need not be one of ours: a proxy or the web server has others. */
export interface ErrorBody {
  error: Pick<Schemas['Error']['error'], 'message' | 'fields'> & { code: string }
}

/** The filters of get-tasks. */
export type FoundBy = Partial<Pick<components['parameters'], 'status' | 'due' | 'today' | 'label' | 'q' | 'sort'>>

export type PictureSize = components['parameters']['size']

/** What the web server tells the app about itself: /config.json. */
export interface AppConfig {
  /** What comes before /function/NAME: '' where the web server forwards. */
  gateway: string
  registration: boolean
  limits: {
    pictureBytes: number
    pictureTypes: string[]
    /** characters */
    titleLength: number
    bodyBytes: number
  }
}
