// What rows contribute to a direct fold, from their changes or, where a change does not say all of its row, from the rows: with the write time that
// decides which message of a row holds.
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Contributed } from '../../schema/fold/compiled-fold.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import type { DirectList } from './direct-messages.ts'
import { charactersOf, TOLD_BY, type Entry, type ToldBy } from './entries.ts'
import type { FoldPlan } from './fold-plan.ts'
import { memberText } from './members.ts'

export interface DirectOptions {
  readonly plan: FoldPlan
  /** An expression could not be evaluated for a row, which contributes nothing. */
  readonly onFailed: (failed: Contributed & { readonly kind: 'failed' }) => void
}

/** A row as it is told, or its end. */
interface ToldRow {
  /** Index in `CompiledFold.inputs`. */
  readonly input: number
  readonly keyText: string
  /** Of a row that is deleted the fields of its key. */
  readonly row: Row
  readonly writeTime: number
  readonly by: ToldBy
}

/** False where the change does not say what the row is: it must be looked at. */
export function addChange(
  options: DirectOptions,
  { input, change }: { readonly input: number; readonly change: Change },
  list: DirectList,
): boolean {
  const { key: keyText, op, row, writeTime, generation } = change
  if (op === 'DELETE') {
    add(options, { input, keyText, row, writeTime, by: TOLD_BY.delete }, list)
    return true
  }
  // A replay tells again what a record is by another version of its product, or in other tables: the rows say what holds.
  if (generation !== 0) return false
  for (const name of options.plan.direct?.fields[input] ?? []) if ((row[name] ?? null) === null) return false
  add(options, { input, keyText, row, writeTime, by: TOLD_BY.change }, list)
  return true
}

export interface RowToRead {
  /** Index in `CompiledFold.reads`. */
  readonly read: number
  readonly keyText: string
}

/** Looks at rows. Of one that is not there nothing is said: the change that deleted it says so. */
export async function addRows(
  options: DirectOptions & { readonly rows: Store },
  wanted: readonly RowToRead[],
  list: DirectList,
): Promise<void> {
  const { plan, rows: live } = options
  for (const { index, table, keyOf } of plan.reads) {
    const input = plan.compiled.reads[index]?.fold ?? null
    if (input === null) continue
    const named = wanted.flatMap(({ read, keyText }) => {
      const key = read === index ? keyOf(keyText) : null
      return key === null ? [] : [{ keyText, key }]
    })
    for (let from = 0; from < named.length; from += limits.readKeysMax) {
      const some = named.slice(from, from + limits.readKeysMax)
      const keys = some.map(({ key }) => key)
      const found = await live.read(table, keys, { writeTimes: true })
      for (const [at, { keyText }] of some.entries()) {
        const stored = found[at] ?? null
        if (stored === null) continue
        const { row, writeTimes = {} } = stored
        const times = (plan.direct?.fields[input] ?? []).map((name) => writeTimes[name] ?? 0)
        add(options, { input, keyText, row, writeTime: Math.max(...times), by: TOLD_BY.row }, list)
      }
    }
  }
}

function add({ plan, onFailed }: DirectOptions, told: ToldRow, list: DirectList): void {
  const { input, keyText, row, writeTime, by } = told
  const compiled = plan.compiled.inputs[input]
  if (compiled === undefined) return
  const timeMs = compiled.timeMs(row)
  // It is in no window.
  if (timeMs === null) return
  const member = memberText(input, keyText)
  const outcome = by === TOLD_BY.delete ? null : compiled.contribute(member, row, NOTHING_JOINED)
  if (outcome?.kind === 'failed') onFailed(outcome)
  if (outcome?.kind === 'contributed' && outcome.groups.size > 0) {
    for (const { group, contributions } of outcome.groups.values()) {
      const entry: Entry = [member, writeTime, by, timeMs, contributions[0]?.value ?? null]
      const problem = tooLarge(group.text, entry)
      if (problem === null) list.add(group.text, entry)
      else {
        onFailed(problem)
        list.add(group.text, [member, writeTime, by, timeMs, null])
      }
    }
    return
  }
  for (const { text } of compiled.possibleGroups(row)) list.add(text, [member, writeTime, by, timeMs, null])
}

const NOTHING_JOINED = (): null => null

function tooLarge(group: string, entry: Entry): (Contributed & { readonly kind: 'failed' }) | null {
  const characters = charactersOf(entry)
  const fits = characters <= limits.foldContributionCharactersMax && group.length <= limits.foldGroupCharactersMax
  if (fits) return null
  const message = `What the row contributes to the group ${group.slice(0, 100)} is too large: ${characters} characters, of a group of ${group.length}.`
  return { kind: 'failed', message, expression: 'size' }
}
