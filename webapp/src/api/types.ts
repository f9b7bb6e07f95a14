import type { components } from './schema'

/** Short names for the types generated from openapi.yaml. */
type Schemas = components['schemas']

export type Task = Schemas['Task']
/** A label and its score, 0..1. */
export type Prediction = Schemas['Prediction']
export type Credentials = Schemas['Credentials']
export type SessionGrant = Schemas['Session']
/** A session, and the device that names this browser at the next login of the same user. */
export type LoginGrant = Schemas['LoginSession']
export type Login = Schemas['Login']
export type PasswordChange = Schemas['PasswordChange']
/** Where and how to send a picture, and the task, which awaits it. */
export type PresignedUpload = Schemas['Upload']
export type PictureSize = components['parameters']['size']

/** The fields that a person writes. */
export const draftFields = ['title', 'body', 'dueDate'] as const
/** What a person writes; dueDate is YYYY-MM-DD. */
export type TaskDraft = Pick<Task, typeof draftFields[number]>

/** The client chooses the id, a UUIDv7: sending it twice creates one task. */
export type NewTask = Pick<Task, 'id' | 'title' | 'body' | 'dueDate'>

export type TaskFields = Partial<TaskDraft & Pick<Task, 'completed'>>

/** A change to one version of a task. */
export type TaskChange = TaskFields & Pick<Schemas['TaskChange'], 'version'>

export type TaskQuery = Partial<Pick<components['parameters'], 'status' | 'due' | 'today' | 'label' | 'q' | 'sort'>>

/** The parts of an error that the app reads. A proxy or the web server has codes of its own. */
export interface ErrorBody {
  error: Pick<Schemas['Error']['error'], 'message' | 'fields'> & { code: string }
}

/** The web server's /config.json. */
export interface AppConfig {
  /** The base URL of the functions; '' where the web server forwards. */
  gateway: string
  registration: boolean
  /** How photos are sent: directly to the function, by a presigned URL to the object store, or whichever suits each. */
  uploads: 'both' | 'direct' | 'event'
  limits: {
    pictureBytes: number
    pictureTypes: string[]
    /** in characters */
    titleLength: number
    bodyBytes: number
  }
}
