// @vitest-environment node
import { readFileSync } from 'node:fs'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

/** Generates the types of the contract, without descriptions: those are in openapi.yaml. */
async function types(): Promise<string> {
  const withoutProse = (key: string, value: unknown) => (['description', 'example', 'examples'].includes(key) ? undefined : value)
  const contract = JSON.parse(JSON.stringify(parse(readFileSync('../functions/openapi.yaml', 'utf8')), withoutProse) as string) as OpenAPI3
  const { schemas, parameters } = contract.components ?? {}
  const nodes = await openapiTS({ ...contract, paths: {}, components: { schemas: schemas ?? {}, parameters: parameters ?? {} } })
  return `// Generated from functions/openapi.yaml by: npm run types\n${astToString(nodes)}`
}

test('schema.ts is generated from openapi.yaml: run npm run types', async () => {
  await expect(await types()).toMatchFileSnapshot('schema.ts')
})
