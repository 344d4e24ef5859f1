// Reads times as sources write them: ISO 8601 dates and date-times, `T` or a blank between, any fraction, `Z`, an offset or
// none. Without an offset a time is UTC (documented in the language's reference); anything ambiguous is refused.

export interface Instant {
  /** Milliseconds since 1970, cut off below. */
  readonly ms: number
  /** The digits after the millisecond: 0 to 999 µs. */
  readonly microseconds: number
  /** What the source's last digit stands for, at least 1 µs: 1_000_000 for whole seconds, 1_000 for three digits. */
  readonly resolutionUs: number
  /** Time of day or offset were written. */
  readonly hasTime: boolean
  readonly hasOffset: boolean
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The number that `count` digits at `at` make; NaN where one is no digit. */
function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let index = at; index < at + count; index++) {
    const digit = text.charCodeAt(index) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Midnight of the date in the first ten characters; NaN where there is none. */
function dateMs(text: string): number {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || !(month >= 1 && month <= 12) || !(day >= 1))
    return Number.NaN
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day > (monthDays[month - 1] ?? 0) + (leap ? 1 : 0) || !(year >= 0)) return Number.NaN
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return year >= 100 ? Date.UTC(year, month - 1, day) : new Date(Date.UTC(2000, month - 1, day)).setUTCFullYear(year)
}

const offsetPattern = /^([+-])(\d\d)(?::?(\d\d))?$/

/** Minutes east of UTC; 0 for none; NaN for anything else. */
function offsetMinutes(text: string): number {
  if (text === '' || text === 'Z' || text === 'z') return 0
  const match = offsetPattern.exec(text)
  if (match === null) return Number.NaN
  const [, sign, hours, minutes = '0'] = match
  const value = Number(hours) * 60 + Number(minutes)
  if (Number(hours) > 18 || Number(minutes) > 59) return Number.NaN
  return sign === '-' ? -value : value
}

export function parseInstant(text: string): Instant | null {
  const midnight = dateMs(text)
  if (Number.isNaN(midnight)) return null
  if (text.length === 10)
    return { ms: midnight, microseconds: 0, resolutionUs: 1_000_000, hasTime: false, hasOffset: false }
  const separator = text.charCodeAt(10)
  if (separator !== 84 && separator !== 32 && separator !== 116) return null
  const hours = digits(text, 11, 2)
  const minutes = digits(text, 14, 2)
  if (!(hours <= 23) || !(minutes <= 59) || text.charCodeAt(13) !== 58) return null
  let seconds = 0
  let at = 16
  if (text.charCodeAt(16) === 58) {
    seconds = digits(text, 17, 2)
    at = 19
  }
  if (!(seconds <= 59)) return null
  let fraction = 0
  let fractionDigits = 0
  if (text.charCodeAt(at) === 46 || text.charCodeAt(at) === 44) {
    let digit = text.charCodeAt(++at) - 48
    while (digit >= 0 && digit <= 9) {
      if (fractionDigits < 6) fraction = fraction * 10 + digit
      fractionDigits++
      digit = text.charCodeAt(++at) - 48
    }
    if (fractionDigits === 0) return null
  }
  const kept = Math.min(fractionDigits, 6)
  const fractionUs = fraction * 10 ** (6 - kept)
  const offset = offsetMinutes(text.slice(at))
  if (Number.isNaN(offset)) return null
  const ms = midnight + ((hours * 60 + minutes - offset) * 60 + seconds) * 1000 + Math.floor(fractionUs / 1000)
  return {
    ms,
    microseconds: fractionUs % 1000,
    resolutionUs: 10 ** (6 - kept),
    hasTime: true,
    hasOffset: at < text.length,
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const commonLogPattern = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/

/** `10/Oct/2000:13:55:36 -0700` in ISO 8601; null where it is none. Whether there is such a day is not looked at. */
export function commonLogTime(text: string): string | null {
  const [, day, name = '', year, time, offset] = commonLogPattern.exec(text) ?? []
  const month = MONTHS.indexOf(name) + 1
  return month === 0 ? null : `${year}-${String(month).padStart(2, '0')}-${day}T${time}${offset}`
}

/** 0000-01-01. */
const EARLIEST_MS = -62_167_219_200_000
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** DateTime in row representation; null beyond the years 0 to 9999. */
export function dateTimeText(ms: number): string | null {
  if (!(ms >= EARLIEST_MS && ms <= LATEST_MS)) return null
  const text = new Date(ms).toISOString()
  return text.length === 24 ? text : null
}

const isCanonicalDateTime = (text: string): boolean =>
  text.length === 24 && text.charCodeAt(23) === 90 && text.charCodeAt(10) === 84 && text.charCodeAt(19) === 46

/** DateTime in row representation of a time as a source writes it; null where it is none. */
export function canonicalDateTime(text: string): string | null {
  const instant = parseInstant(text)
  if (instant === null) return null
  if (isCanonicalDateTime(text)) return text
  // The common `2026-01-02T03:04:05Z` needs no Date.
  if (text.length === 20 && text.charCodeAt(19) === 90 && text.charCodeAt(10) === 84) return `${text.slice(0, 19)}.000Z`
  return dateTimeText(instant.ms)
}

/** Date in row representation. A time is allowed where it is midnight UTC, as in `1997-01-01 00:00:00.0`: any other would lose something. */
export function canonicalDate(text: string): string | null {
  const instant = parseInstant(text)
  if (instant === null) return null
  return instant.ms % 86_400_000 === 0 && instant.microseconds === 0
    ? (dateTimeText(instant.ms)?.slice(0, 10) ?? null)
    : null
}
