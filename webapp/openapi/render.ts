import type { Contract, Media, Operation, Parameter, Response, Schema } from './document.ts'
import { follow, nameOf } from './document.ts'
import { html, Html, inline, nothing, prose } from './html.ts'

/** URLs of the page's assets. */
export interface Assets {
  style: string
  icon: string
}

/** Renders the contract as a page without scripts. */
export function render(contract: Contract, assets: Assets): string {
  const { info } = contract
  const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" type="image/svg+xml" href="${assets.icon}">
    <link rel="stylesheet" href="${assets.style}">
    <title>${info.title}: the functions</title>
  </head>
  <body>
    <header>
      <h1>${info.title}: the functions</h1>
      <p>${info.summary} Version ${info.version} of the contract, for programs too: <a href="/openapi.yaml">openapi.yaml</a>.</p>
      <nav aria-label="Functions">${contract.tags.map((tag) => contents(contract, tag))}</nav>
    </header>
    <main>
      <section>
        <h2>All functions</h2>
        ${prose(info.description)}
        <dl>${contract.servers.map((s) => html`<dt><code>${s.url}</code></dt><dd>${s.description}</dd>`)}</dl>
      </section>
      ${contract.tags.flatMap((tag) => operations(contract, tag.name).map(([method, path, o]) => section(contract, method, path, o)))}
      <section>
        <h2>Schemas</h2>
        ${Object.entries(contract.components.schemas).map(([name, schema]) => shape(name, schema))}
      </section>
    </main>
  </body>
</html>
`
  return page.text
}

/** Returns the operations with a tag. */
function operations(contract: Contract, tag: string): [method: string, path: string, operation: Operation][] {
  return Object.entries(contract.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([, operation]) => operation.tags.includes(tag))
    .map(([method, operation]): [string, string, Operation] => [method.toUpperCase(), path, operation]))
}

function contents(contract: Contract, tag: { name: string, description: string }): Html {
  const links = operations(contract, tag.name).map(([method, path, o]) =>
    html`<li><a href="#${o.operationId}"><b>${method}</b> ${path.replace('/function/', '')}</a></li>`)
  return html`<h2>${tag.name}</h2><p>${tag.description}</p><ul>${links}</ul>`
}

function section(contract: Contract, method: string, path: string, o: Operation): Html {
  const parameters = (o.parameters ?? []).map((p) => follow(contract, p))
  return html`
      <section id="${o.operationId}">
        <h2>${o.summary}</h2>
        <p class="call"><b>${method}</b> <code>${path}</code></p>
        ${prose(o.description ?? '')}
        <p>${o.security ? 'Needs no session.' : 'Needs a session.'}</p>
        ${parameters.length > 0 ? html`<h3>Parameters</h3><dl>${parameters.map(parameter)}</dl>` : nothing}
        ${o.requestBody ? requestBody(contract, o.requestBody) : nothing}
        <h3>Responses</h3>
        <dl>${Object.entries(o.responses).map(([status, r]) => answer(contract, status, follow(contract, r)))}</dl>
      </section>`
}

function parameter(p: Parameter): Html {
  const place = p.in === 'header' ? 'header, ' : ''
  return html`<dt><code>${p.name}</code> <small>${place}${p.required ? 'required, ' : ''}${kind(p.schema)}</small></dt>
<dd>${inline(p.description)}</dd>`
}

function requestBody(contract: Contract, body: NonNullable<Operation['requestBody']>): Html {
  const [media] = Object.values(body.content)
  const types = Object.keys(body.content).join(', ')
  return html`<h3>Body</h3>
<p>${types}${media?.schema ? html`: ${kind(media.schema)}` : nothing}</p>
${prose(body.description ?? '')}${media ? examples(contract, media) : nothing}`
}

function answer(contract: Contract, status: string, r: Response): Html {
  const headers = Object.keys(r.headers ?? {}).filter((name) => name !== 'X-Call-Id')
  const [[type, media] = ['', undefined]] = Object.entries(r.content ?? {})
  const failed = Number(status) >= 400
  const codes = failed ? Object.keys(media?.examples ?? {}).map((code) => html` <code>${code}</code>`) : []
  const form = media?.schema ? kind(media.schema) : html`${type}`
  return html`<dt>${status}</dt><dd>
<p>${inline(r.description)}${codes}${headers.map((name) => html` <small>${name}</small>`)}</p>
${failed || !media ? nothing : html`<p>${form}</p>${examples(contract, media)}`}</dd>`
}

function examples(contract: Contract, media: Media): Html[] {
  const shown = Object.values(media.examples ?? {}).map((e) => follow(contract, e))
  if (media.example !== undefined) shown.push({ value: media.example })
  return shown.map((e) => html`<details><summary>${e.summary ?? 'Example'}</summary>
<pre tabindex="0">${JSON.stringify(e.value, null, 2)}</pre></details>`)
}

function shape(name: string, schema: Schema): Html {
  const fields = Object.entries(schema.properties ?? {}).map(([field, s]) => html`
<dt><code>${field}</code> <small>${schema.required?.includes(field) ? 'required, ' : ''}${kind(s)}</small></dt>
<dd>${inline(s.description ?? '')}</dd>`)
  return html`<h3 id="${name}">${name}</h3>
<p>${kind(schema)}${schema.description ? html`. ${inline(schema.description)}` : nothing}</p>
${fields.length > 0 ? html`<dl>${fields}</dl>` : nothing}`
}

/** Describes a schema in a few words. */
function kind(s: Schema): Html {
  if (s.$ref !== undefined) return html`<a href="#${nameOf(s.$ref)}">${nameOf(s.$ref)}</a>`
  if (s.oneOf) return html`${s.oneOf.map((one, i) => html`${i > 0 ? ' or ' : ''}${kind(one)}`)}`
  const parts: Html[] = []
  if (s.enum) parts.push(html`${s.enum.map((v, i) => html`${i > 0 ? ', ' : 'one of '}<code>${v}</code>`)}`)
  else if (s.items) parts.push(html`array of ${kind(s.items)}`)
  else parts.push(html`${[s.type ?? 'anything'].flat().join(' or ')}`)
  if (s.format) parts.push(html`${s.format}`)
  parts.push(...range(s.minLength, s.maxLength, 'characters'), ...range(s.minimum, s.maximum, ''), ...range(undefined, s.maxItems, 'of them'))
  if (s.default !== undefined) parts.push(html`${String(s.default)} if left out`)
  return html`${parts.map((part, i) => html`${i > 0 ? ', ' : ''}${part}`)}`
}

function range(least: number | undefined, most: number | undefined, unit: string): Html[] {
  if (least === undefined && most === undefined) return []
  if (most === undefined) return [html`at least ${least ?? 0} ${unit}`]
  return [least === undefined ? html`at most ${most} ${unit}` : html`${least} to ${most} ${unit}`]
}
