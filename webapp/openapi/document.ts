/** Types of the parts of an OpenAPI 3.1 document that the page shows. */

export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  format?: string
  enum?: string[]
  const?: string
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  items?: Schema
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
}

export interface Reference {
  $ref: string
}

export interface Example {
  summary?: string
  value: unknown
}

export interface Media {
  schema?: Schema
  example?: unknown
  examples?: Record<string, Example | Reference>
}

export interface Header {
  description: string
  schema: Schema
  required?: boolean
}

export interface Parameter extends Header {
  name: string
  in: 'query' | 'header'
}

export interface Response {
  description: string
  headers?: Record<string, Header | Reference>
  content?: Record<string, Media>
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security?: unknown[]
  parameters?: (Parameter | Reference)[]
  requestBody?: { description?: string, content: Record<string, Media> }
  responses: Record<string, Response | Reference>
}

export interface Contract {
  info: { title: string, summary: string, version: string, description: string }
  servers: { url: string, description: string }[]
  tags: { name: string, description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    responses: Record<string, Response>
    schemas: Record<string, Schema>
  } & Record<string, Record<string, unknown>>
}

/** Resolves a reference such as #/components/schemas/Task; returns anything else unchanged. */
export function follow<T extends object>(contract: Contract, part: T | Reference): T {
  if (!('$ref' in part) || typeof part.$ref !== 'string') return part as T
  const [, , kind = '', name = ''] = part.$ref.split('/')
  const found = contract.components[kind]?.[name]
  if (found === undefined) throw new Error(`${part.$ref} does not exist`)
  return found as T
}

/** Returns the last part of a reference. */
export const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)
