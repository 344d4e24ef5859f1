// Which rejected records are meant: by what was wrong with them, when they were rejected, or one by its position.
import { MeshgateError } from '../../platform/errors.ts'
import { placeOf, type Rejection } from './rejection.ts'

/** What is absent is not asked. Code, check and field are asked of one violation together. */
export interface RejectedFilter {
  readonly code?: string
  /** Id of a check. */
  readonly check?: string
  /** `total`, `lines.*.amount`, or with an index. */
  readonly field?: string
  /** Rejected at that time or later, ISO. */
  readonly since?: string
  /** `topic:partition:offset` of the original. */
  readonly position?: string
}

const NAMES = ['code', 'check', 'field', 'since', 'position'] as const

/** Of a query string or an object that came as JSON; CONFIG_INVALID where it cannot be used. */
export function filterFrom(read: (name: (typeof NAMES)[number]) => unknown): RejectedFilter {
  const filter: { -readonly [Name in keyof RejectedFilter]: string } = {}
  for (const name of NAMES) {
    const value = read(name)
    if (value === undefined || value === null) continue
    if (typeof value !== 'string') throw invalid(`${name} is no text.`)
    filter[name] = value
  }
  if (filter.since !== undefined && Number.isNaN(Date.parse(filter.since))) {
    throw invalid(`"${filter.since}" is no time: write 2026-01-31 or 2026-01-31T08:00:00Z.`)
  }
  if (filter.position !== undefined && !/^.+:\d+:\d+$/.test(filter.position)) {
    throw invalid(`"${filter.position}" is no position: write topic:partition:offset.`)
  }
  return filter
}

function invalid(message: string): MeshgateError {
  return new MeshgateError('CONFIG_INVALID', `The filter of rejected records cannot be used: ${message}`)
}

export function compileFilter(filter: RejectedFilter): (rejection: Rejection) => boolean {
  const { code, check, field, position } = filter
  const sinceUs = filter.since === undefined ? null : Date.parse(filter.since) * 1_000
  const ofViolation = code !== undefined || check !== undefined || field !== undefined
  return (rejection) => {
    if (position !== undefined && rejection.source !== position) return false
    if (sinceUs !== null && rejection.rejectedUs < sinceUs) return false
    if (!ofViolation) return true
    return rejection.violations.some(
      (violation) =>
        (code === undefined || violation.code === code) &&
        (check === undefined || violation.checkId === check) &&
        (field === undefined || violation.field === field || placeOf(violation.field) === field),
    )
  }
}

/** `code=RECORD_FIELD_TYPE field=total`; `all` without a condition. */
export function describeFilter(filter: RejectedFilter): string {
  const parts = NAMES.flatMap((name) => (filter[name] === undefined ? [] : [`${name}=${filter[name]}`]))
  return parts.length === 0 ? 'all' : parts.join(' ')
}
