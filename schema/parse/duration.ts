// ISO 8601 durations of fixed length, as milliseconds.

const FORM = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/

/** Null where the text is not a positive duration in weeks, days, hours, minutes and seconds (three decimals at most). */
export function parseDurationMs(text: string): number | null {
  const match = FORM.exec(text)
  if (match === null || text.endsWith('T')) return null
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  const hoursInAll = ((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)
  const milliseconds = (hoursInAll * 60 + (minutes ?? 0)) * 60_000 + Math.round((seconds ?? 0) * 1_000)
  return milliseconds > 0 && Number.isSafeInteger(milliseconds) ? milliseconds : null
}

/** What to write instead of a text that is no duration. */
export function suggestDuration(text: string): string {
  const calendar = /^P(?:(\d+)Y)?(?:(\d+)M)?$/.exec(text)
  if (calendar !== null && text !== 'P') {
    const days = Number(calendar[1] ?? 0) * 365 + Number(calendar[2] ?? 0) * 30
    return `Years and months have no fixed length: write days, e.g. "P${days}D".`
  }
  const short = /^(\d+)\s*(ms|[smhdw])[a-z]*$/i.exec(text)
  const unit = short?.[2]?.toLowerCase()
  if (short === null || unit === undefined) return 'Write an ISO 8601 duration, e.g. "PT5S", "PT1H" or "P7D".'
  const amount = short[1] ?? ''
  if (unit === 'ms') return `Write "PT${Number(amount) / 1_000}S".`
  return `Write "${unit === 'd' || unit === 'w' ? 'P' : 'PT'}${amount}${unit.toUpperCase()}".`
}
