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

/** Formats a time to wait in words: in seconds, or in whole minutes if it is longer than two. */
export function seconds(time: number, locale?: string): string {
  const [value, unit] = time > 120 ? [Math.ceil(time / 60), 'minute'] : [time, 'second']
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}
