/** A share of 0..1 as a percentage in the person's locale. */
export function percent(share: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share)
}

/** A whole number in the person's locale. */
export function count(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value)
}

/** A number of bytes as mebibytes, as people call them MB, in the person's locale. */
export function megabytes(bytes: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 }).format(bytes / 2 ** 20)
}
