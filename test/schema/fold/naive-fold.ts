// What a fold's rows must be, computed plainly from all rows at once: no state, no retracting, and nothing shared with schema/fold.
import { cellText, type Row, type Value } from '../../../schema/row.ts'

/** One contribution: its group's fields, its event time, its values by aggregate. */
export interface Fact {
  readonly group: Row
  readonly timeMs: number
  readonly member: string
  readonly values: Readonly<Record<string, Value>>
}

export type NaiveWindow =
  | { readonly kind: 'none' }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly everyMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }

export interface NaiveGroup {
  readonly row: Row
  readonly facts: readonly Fact[]
}

const iso = (ms: number): string => new Date(ms).toISOString()

export function naiveGroups(facts: readonly Fact[], window: NaiveWindow): readonly NaiveGroup[] {
  const byGroup = Map.groupBy(facts, ({ group }) => JSON.stringify(group))
  return [...byGroup.values()].flatMap((members) => windowsOf(members, window))
}

function windowsOf(facts: readonly Fact[], window: NaiveWindow): readonly NaiveGroup[] {
  const row = facts[0]?.group ?? {}
  if (window.kind === 'none') return [{ row, facts }]
  if (window.kind === 'session') return sessionsOf(facts, window.gapMs)
  const times = facts.map(({ timeMs }) => timeMs)
  const groups: NaiveGroup[] = []
  const first = Math.floor((Math.min(...times) - window.sizeMs) / window.everyMs) * window.everyMs
  for (let startMs = first; startMs <= Math.max(...times); startMs += window.everyMs) {
    const endMs = startMs + window.sizeMs
    const inside = facts.filter(({ timeMs }) => timeMs >= startMs && timeMs < endMs)
    if (inside.length > 0)
      groups.push({ row: { ...row, windowStart: iso(startMs), windowEnd: iso(endMs) }, facts: inside })
  }
  return groups
}

/** Every fact begins alone; those near each other are put together until none are. */
function sessionsOf(facts: readonly Fact[], gapMs: number): readonly NaiveGroup[] {
  let sessions = facts.map((fact) => [fact])
  for (;;) {
    const merged = mergedOnce(sessions, gapMs)
    if (merged === null) break
    sessions = merged
  }
  return sessions.map((members) => {
    const times = members.map(({ timeMs }) => timeMs)
    const bounds = { windowStart: iso(Math.min(...times)), windowEnd: iso(Math.max(...times)) }
    return { row: { ...members[0]?.group, ...bounds }, facts: members }
  })
}

function mergedOnce(sessions: readonly Fact[][], gapMs: number): Fact[][] | null {
  for (const [at, session] of sessions.entries())
    for (const [other, facts] of sessions.entries())
      if (other > at && session.some((a) => facts.some((b) => Math.abs(a.timeMs - b.timeMs) <= gapMs)))
        return [...sessions.filter((_, index) => index !== at && index !== other), [...session, ...facts]]
  return null
}

export type NaiveAggregate = (facts: readonly Fact[], name: string) => Value

const present = (facts: readonly Fact[], name: string): readonly Value[] =>
  facts.map(({ values }) => values[name] ?? null).filter((value) => value !== null)

/** Digits behind the point that hold every decimal and every double there is. */
const SCALE = 400n

function unitsOf(value: Value): bigint {
  const [mantissa = '', exponent = '0'] = cellText(value).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const shift = SCALE - BigInt(fraction.length) + BigInt(exponent)
  return BigInt(whole + fraction) * 10n ** shift
}

function textOf(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(Number(SCALE) + 1, '0')
  const fraction = digits.slice(-Number(SCALE)).replace(/0+$/, '')
  const whole = digits.slice(0, -Number(SCALE))
  const text = fraction === '' ? whole : `${whole}.${fraction}`
  return units < 0n ? `-${text}` : text
}

const total = (values: readonly Value[]): bigint => values.reduce((sum: bigint, value) => sum + unitsOf(value), 0n)
const distinct = (values: readonly Value[]): readonly Value[] =>
  [...new Set(values.map((value) => JSON.stringify(value)))].map((text) => JSON.parse(text) as Value)
const byNumber = (a: Value, b: Value): number => (unitsOf(a) < unitsOf(b) ? -1 : unitsOf(a) > unitsOf(b) ? 1 : 0)
const byText = (a: Value, b: Value): number => Buffer.compare(Buffer.from(cellText(a)), Buffer.from(cellText(b)))
const inTime = (facts: readonly Fact[], name: string): readonly Fact[] =>
  facts
    .filter(({ values }) => (values[name] ?? null) !== null)
    .toSorted((a, b) => a.timeMs - b.timeMs || (a.member < b.member ? -1 : 1))

export const naive = {
  count: (facts, name) => present(facts, name).length,
  countDistinct: (facts, name) => distinct(present(facts, name)).length,
  sumAsText: (facts, name) => textOf(total(present(facts, name))),
  sumAsNumber: (facts, name) => Number(textOf(total(present(facts, name)))),
  average: (facts, name) => {
    const values = present(facts, name)
    return values.length === 0 ? null : Number(textOf(total(values) / BigInt(values.length)))
  },
  minNumber: (facts, name) => present(facts, name).toSorted(byNumber)[0] ?? null,
  maxNumber: (facts, name) => present(facts, name).toSorted(byNumber).at(-1) ?? null,
  minText: (facts, name) => present(facts, name).toSorted(byText)[0] ?? null,
  maxText: (facts, name) => present(facts, name).toSorted(byText).at(-1) ?? null,
  first: (facts, name) => inTime(facts, name)[0]?.values[name] ?? null,
  last: (facts, name) => inTime(facts, name).at(-1)?.values[name] ?? null,
  collectTexts: (facts, name) => distinct(present(facts, name)).toSorted(byText),
} satisfies Record<string, NaiveAggregate>

/** In one order, to compare. */
export const sortedRows = (rows: readonly Row[]): readonly Row[] =>
  rows
    .map((row) => Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
