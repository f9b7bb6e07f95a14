/** Formats a share of 0..1 as a percentage. Without a locale, this and the others use the browser's. */
export function percent(share: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share)
}

export function count(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value)
}

/** Formats bytes as MB, in units of 2^20 as people count them. */
export function megabytes(bytes: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 }).format(bytes / 2 ** 20)
}
