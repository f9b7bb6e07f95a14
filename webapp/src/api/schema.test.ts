// @vitest-environment node
import { readFileSync } from 'node:fs'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

/** The shapes of the contract as types, without its words, which are in openapi.yaml itself. */
async function types(): Promise<string> {
  const wordless = (key: string, value: unknown) => (['description', 'example', 'examples'].includes(key) ? undefined : value)
  const contract = JSON.parse(JSON.stringify(parse(readFileSync('../functions/openapi.yaml', 'utf8')), wordless) as string) as OpenAPI3
  const { schemas, parameters } = contract.components ?? {}
  const nodes = await openapiTS({ ...contract, paths: {}, components: { schemas: schemas ?? {}, parameters: parameters ?? {} } })
  return `// Made from functions/openapi.yaml by: npm run types\n${astToString(nodes)}`
}

test('the types are those of openapi.yaml; npm run types writes them anew', async () => {
  await expect(await types()).toMatchFileSnapshot('schema.ts')
})
