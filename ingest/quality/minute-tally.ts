// What came of the records of one partition that were appended in one minute: the numbers that a product's quality is summed up from. Pure.
import type { EntityPlan } from '../entity-plan.ts'
import type { DecodedRecord } from '../decode-batch.ts'

const MINUTE_MS = 60_000

/** An observation, the record of the topic `mesh.observations`. Counts are of records appended in the minute. */
export interface MinuteTally {
  readonly product: string
  readonly entity: string
  readonly topic: string
  readonly partition: number
  /** Begin of the minute, a DateTime. */
  readonly minute: string
  /** What the product promises; null: nothing. */
  readonly freshnessObjectiveMs: number | null
  readonly completenessObjective: number | null
  records: number
  rejected: number
  /** Accepted, and some check warned. */
  warned: number
  /** Nullable fields of accepted rows, and how many of them have a value. */
  fillable: number
  filled: number
  /** Accepted records with an event time, how long each was on its way until it could be queried, and how many were as fast as the product promises. */
  timed: number
  freshnessMsTotal: number
  freshnessMsMax: number
  fresh: number
  /** Records whose way from the log's append to the durable change was measured. Those counted again after a restart were not. */
  measured: number
  delayMsTotal: number
  delayMsMax: number
  /** How many records each check failed for; `type` where a value was not of its field's type, or missing. */
  readonly failures: Map<string, number>
}

export interface TallyPlace {
  readonly plan: EntityPlan
  readonly topic: string
  readonly partition: number
}

export const minuteOf = (timestampUs: number): number => Math.floor(timestampUs / 1_000 / MINUTE_MS) * MINUTE_MS

export function newTally({ plan, topic, partition }: TallyPlace, minuteMs: number): MinuteTally {
  return {
    product: `${plan.product.domain}/${plan.product.name}`,
    entity: plan.entity.name,
    topic,
    partition,
    minute: new Date(minuteMs).toISOString(),
    freshnessObjectiveMs: plan.product.slo.freshnessMs,
    completenessObjective: plan.product.slo.completeness,
    records: 0,
    rejected: 0,
    warned: 0,
    fillable: 0,
    filled: 0,
    timed: 0,
    freshnessMsTotal: 0,
    freshnessMsMax: 0,
    fresh: 0,
    measured: 0,
    delayMsTotal: 0,
    delayMsMax: 0,
    failures: new Map(),
  }
}

/** What a row of the plan's entity may have values for beside what it must have. */
export function fillableColumns(plan: EntityPlan): readonly string[] {
  return plan.entity.fields.flatMap((field) =>
    (field.kind === 'stored' || field.kind === 'computed') && field.nullable ? [field.name] : [],
  )
}

export interface Counted {
  readonly appendedMs: number
  /** When its change was durable; null: it was so before, by another attempt. */
  readonly queryableMs: number | null
  readonly columns: readonly string[]
}

export function count(tally: MinuteTally, decoded: DecodedRecord, at: Counted): void {
  tally.records += 1
  if (at.queryableMs !== null) {
    const delayMs = Math.max(0, at.queryableMs - at.appendedMs)
    tally.measured += 1
    tally.delayMsTotal += delayMs
    if (delayMs > tally.delayMsMax) tally.delayMsMax = delayMs
  }
  if (decoded.kind === 'rejected') {
    tally.rejected += 1
    countFailures(tally, decoded.violations)
    return
  }
  if (decoded.warnings.length > 0) {
    tally.warned += 1
    countFailures(tally, decoded.warnings)
  }
  if (decoded.kind === 'delete') return
  const { row } = decoded
  tally.fillable += at.columns.length
  for (const column of at.columns) if ((row[column] ?? null) !== null) tally.filled += 1
  if (decoded.eventTimeMs === null) return
  const freshnessMs = Math.max(0, (at.queryableMs ?? at.appendedMs) - decoded.eventTimeMs)
  tally.timed += 1
  tally.freshnessMsTotal += freshnessMs
  if (freshnessMs > tally.freshnessMsMax) tally.freshnessMsMax = freshnessMs
  if (tally.freshnessObjectiveMs !== null && freshnessMs <= tally.freshnessObjectiveMs) tally.fresh += 1
}

// A record counts once for a check, however many items of its lists fail it.
function countFailures(tally: MinuteTally, violations: readonly { readonly checkId: string | null }[]): void {
  const [only] = violations
  if (violations.length === 1 && only !== undefined) return failed(tally, only.checkId)
  for (const checkId of new Set(violations.map((violation) => violation.checkId))) failed(tally, checkId)
}

function failed(tally: MinuteTally, checkId: string | null): void {
  const name = checkId ?? 'type'
  tally.failures.set(name, (tally.failures.get(name) ?? 0) + 1)
}

/** Of two tallies of a minute the one of more records is the newer: it says so by a microsecond per record behind the minute's begin. */
function versionOf({ minute, records }: MinuteTally): string {
  const milliseconds = Math.floor(records / 1_000)
  const whole = new Date(Date.parse(minute) + milliseconds).toISOString()
  return `${whole.slice(0, -1)}${String(records % 1_000).padStart(3, '0')}Z`
}

export function tallyText(tally: MinuteTally): string {
  const failures = [...tally.failures].map(([check, records]) => ({ check, records }))
  return JSON.stringify({ ...tally, failures, counted: versionOf(tally) })
}
