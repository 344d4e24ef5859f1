// Rejected records in words for a terminal: why, how many, and each with what is known of it.
import type { Redrive } from '../ingest/dead-letter/redrive-facts.ts'
import { describeFilter, type RejectedFilter } from '../ingest/dead-letter/rejected-filter.ts'
import type { ListedRecord } from '../ingest/dead-letter/rejected-list.ts'
import type { RejectedReason, RejectedSummary } from '../ingest/dead-letter/rejected-summary.ts'
import { topicNames } from '../schema/topics.ts'
import { count, countOf } from './progress.ts'

/** A line each: `2 × RECORD_FIELD_TYPE grams: Must be Int; it is "x". First: shipping.parcels:0:1`. */
export function describeReasons(topic: string, reasons: readonly RejectedReason[]): string {
  if (reasons.length === 0) return ''
  return `Rejected (the records lie in the topic ${topicNames.rejected(topic)}):\n${reasonLines(reasons)}`
}

function reasonLines(reasons: readonly RejectedReason[]): string {
  const lines = reasons.map(({ code, field, check, message, source, times }) => {
    return `  ${count(times)} × ${placeText(code, field, check)}: ${message} First: ${source}\n`
  })
  return lines.join('')
}

function placeText(code: string, field: string | null, check: string | null): string {
  return [code, ...(field === null ? [] : [field]), ...(check === null ? [] : [`(${check})`])].join(' ')
}

export function describeSummary(
  topic: string,
  { open, complete, reasons }: RejectedSummary,
  filter: RejectedFilter,
): string {
  if (open === 0 && complete) return `${topic}: ${describeNothing(filter)}`
  const atLeast = complete ? '' : 'at least '
  const more = complete ? '' : 'There are more than are looked at: redrive these, or some of them, and look again.\n'
  const are = open === 1 ? 'is' : 'are'
  return `${topic}: ${atLeast}${countOf(open, 'rejected record')}${withFilter(filter)} ${are} open.\n${reasonLines(reasons)}${more}`
}

/** Says what was looked for: that nothing was found may be a mistake in it. */
export function describeNothing(filter: RejectedFilter): string {
  return `No rejected record${withFilter(filter)} is open.\n`
}

function withFilter(filter: RejectedFilter): string {
  return Object.keys(filter).length === 0 ? '' : ` of ${describeFilter(filter)}`
}

export function describeRecord(record: ListedRecord): string {
  const { position, key, appendedAt, rejectedAt, violations, attempts, value, valueBytes } = record
  const lines = [
    position,
    `  key       ${key ?? '(none)'}`,
    `  appended  ${appendedAt ?? 'not known exactly'}, rejected ${rejectedAt}`,
    ...violations.map(
      ({ code, field, checkId, message }) => `  reason    ${placeText(code, field, checkId)}: ${message}`,
    ),
    ...attempts.map(
      ({ at, code, field, check, message }) => `  before    ${at} ${placeText(code, field, check)}: ${message}`,
    ),
    value === null ? '  value     (none: a delete)' : `  value     ${value} (${count(valueBytes)} bytes)`,
  ]
  return `${lines.join('\n')}\n`
}

/** `2026-11-21T20:15:00.000Z anna@laptop orders 1.2.0: 12 redriven (code=RECORD_FIELD_TYPE): the till was mended`. */
export function describeRedrive({
  requestedAt,
  user,
  host,
  productVersion,
  filter,
  reason,
  finished,
}: Redrive): string {
  const done = finished === null ? 'interrupted, the next redrive goes on' : countsText(finished)
  const why = reason === null ? '' : `: ${reason}`
  return `${requestedAt} ${user}@${host}, version ${productVersion}, ${describeFilter(filter)}: ${done}${why}\n`
}

function countsText({ redriven, left, approximate }: NonNullable<Redrive['finished']>): string {
  return [
    `${count(redriven)} redriven`,
    ...(left === 0 ? [] : [`${count(left)} left: they no longer fit into the log or lack a part`]),
    ...(approximate === 0 ? [] : [`of ${count(approximate)} the append time is the time of the rejection`]),
  ].join(', ')
}
