export interface Part {
  text: string
  /** Only where the text is a web address. */
  href?: string
}

const address = /\bhttps?:\/\/[^\s<>"]+/gi

/** Splits a text at its web addresses. Only http and https become links: other schemes may run scripts. */
export function linkParts(text: string): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(address)) {
    const href = withoutPunctuation(found)
    if (!URL.canParse(href)) continue
    if (index > end) parts.push({ text: text.slice(end, index) })
    parts.push({ text: href, href })
    end = index + href.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

/** Drops what ends the sentence around an address, and a bracket that it does not open. */
function withoutPunctuation(address: string): string {
  const surplus = { ')': surplusOf(address, '(', ')'), ']': surplusOf(address, '[', ']') }
  let length = address.length
  for (; length > 0; length -= 1) {
    const last = address.charAt(length - 1)
    if (last === ')' || last === ']') {
      if (surplus[last] <= 0) break
      surplus[last] -= 1
    } else if (!'.,;:!?\'’”*'.includes(last)) break
  }
  return address.slice(0, length)
}

const surplusOf = (address: string, open: string, close: string) => address.split(close).length - address.split(open).length
