/** Escaped HTML. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | Value[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

function write(value: Value): string {
  if (Array.isArray(value)) return value.map(write).join('')
  if (value instanceof Html) return value.text
  return String(value).replace(/[&<>"']/g, (c) => entities[c] ?? c)
}

/** A template literal that escapes every value that is not Html. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts.reduce((text, part, i) => text + write(values[i - 1] ?? '') + part))
}

export const nothing = new Html('')

/** Converts the Markdown that openapi.yaml uses: paragraphs, lists with hyphens, **strong** and `code`. */
export function prose(markdown: string): Html[] {
  return markdown.trim().split(/\n{2,}/).map((block) => {
    if (!block.startsWith('- ')) return html`<p>${inline(block)}</p>\n`
    return html`<ul>${block.slice(2).split(/\n- /).map((item) => html`<li>${inline(item)}</li>`)}</ul>\n`
  })
}

/** Converts one line. */
export function inline(text: string): Html[] {
  return text.replace(/\s+/g, ' ').split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return html`<code>${part.slice(1, -1)}</code>`
    return part.startsWith('**') ? html`<strong>${part.slice(2, -2)}</strong>` : html`${part}`
  })
}
