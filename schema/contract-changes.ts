// What of a product's new version does not go with the rows that its old one wrote: every problem with its reason. Changes of tables and
// columns are the store's to judge (platform/table-migration.ts); here is what it cannot see. Pure.
import type { ScalarName } from './model.ts'
import {
  typeText,
  type EntityContract,
  type FieldContract,
  type ProductContract,
  type TypeContract,
} from './product-contract.ts'

export interface ContractChanges {
  /** One sentence each: what would be wrong with the rows that are there. */
  readonly refusals: readonly string[]
  /** Columns that every row must have from now on and could lack before: fine where no row does. */
  readonly required: readonly { readonly entity: string; readonly base: string; readonly column: string }[]
}

export function contractChanges(before: ProductContract, after: ProductContract): ContractChanges {
  const refusals: string[] = []
  const required: { entity: string; base: string; column: string }[] = []
  for (const now of after.entities) {
    const entity = before.entities.find(({ base }) => base === now.base)
    if (entity === undefined) continue
    refusals.push(...entityProblems(entity, now))
    // A fold with another definition makes all rows anew, so that none keeps a value of the old types.
    if (entity.derived === true && now.derived === true) continue
    for (const [column, field] of Object.entries(now.shape)) {
      const old = own(entity.shape, column)
      if (old === undefined) continue
      const at = `${now.name}.${column}`
      if (old.nullable && !field.nullable) required.push({ entity: now.name, base: now.base, column })
      refusals.push(...columnProblems(at, { before, after, old, field }))
    }
  }
  return { refusals, required }
}

function entityProblems(old: EntityContract, now: EntityContract): string[] {
  const problems: string[] = []
  const [was, is] = [versionText(old), versionText(now)]
  if (old.derived !== now.derived) {
    const [became, before] = now.derived === true ? ['by a fold', 'records'] : ['by records', 'a fold']
    problems.push(
      `${now.name} would be made ${became}, and the rows and the topic that are there are those of ${before}: name another topic and other tables.`,
    )
  } else if (was !== is) {
    problems.push(
      `${now.name} would be versioned by ${is} in place of ${was}: the rows that are there could not be compared with new records.`,
    )
  }
  if (old.readsBase && !now.readsBase) {
    problems.push(
      `${now.name} would be written without reading its base table first (further tables or filtered subscriptions are gone, or immutableKeys is new): entities that were deleted would be shown again.`,
    )
  }
  return problems
}

function versionText({ versionedBy }: EntityContract): string {
  return versionedBy === null ? 'its append time' : `${versionedBy.field} (${versionedBy.kind})`
}

interface Compared {
  readonly before: ProductContract
  readonly after: ProductContract
  readonly old: FieldContract
  readonly field: FieldContract
}

function columnProblems(at: string, compared: Compared): string[] {
  const { old, field } = compared
  // Columns of numbers, times and the like: their tables say what may become of them.
  const isNested = old.type.kind === 'list' || old.type.kind === 'object'
  if (!isNested && !isText(old.type) && !isText(field.type)) return []
  return typeProblems(at, compared, { old: old.type, wanted: field.type })
}

function typeProblems(
  at: string,
  compared: Pick<Compared, 'before' | 'after'>,
  { old, wanted }: { readonly old: TypeContract; readonly wanted: TypeContract },
): string[] {
  const turned = `${at} would turn from ${typeText(old)} to ${typeText(wanted)}, and rows hold values of the old type.`
  if (old.kind === 'list' || wanted.kind === 'list') {
    if (old.kind !== 'list' || wanted.kind !== 'list' || (old.itemsNullable && !wanted.itemsNullable)) return [turned]
    return typeProblems(at, compared, { old: old.of, wanted: wanted.of })
  }
  if (old.kind === 'object' || wanted.kind === 'object') {
    if (old.kind !== wanted.kind) return [turned]
    return nestedProblems(at, compared, { old: old.name, wanted: wanted.name })
  }
  if (wanted.kind === 'enum') {
    if (old.kind !== 'enum') return [turned]
    const values = own(compared.after.enums, wanted.name) ?? []
    const gone = (own(compared.before.enums, old.name) ?? []).filter((value) => !values.includes(value))
    return gone.length === 0
      ? []
      : [`${at} would know ${gone.join(', ')} no more, which rows may hold: keep the values and deprecate them.`]
  }
  const fits = old.kind === 'enum' ? isAnyText(wanted.name) : takes(wanted.name, old.name)
  return fits ? [] : [turned]
}

function nestedProblems(
  at: string,
  compared: Pick<Compared, 'before' | 'after'>,
  { old, wanted }: { readonly old: string; readonly wanted: string },
): string[] {
  const before = own(compared.before.valueTypes, old) ?? {}
  const after = own(compared.after.valueTypes, wanted) ?? {}
  return Object.entries(after).flatMap(([name, field]): string[] => {
    const known = own(before, name)
    const place = `${at}.${name}`
    if (known === undefined) {
      return field.nullable
        ? []
        : [`${place} would be new and required, and the values that rows hold have none: make it optional.`]
    }
    if (known.nullable && !field.nullable)
      return [`${place} would be required, and the values that rows hold may have none: leave it optional.`]
    return typeProblems(place, compared, { old: known.type, wanted: field.type })
  })
}

const TEXTS: ReadonlySet<ScalarName> = new Set(['ID', 'String', 'EmailAddress', 'URL'])

function isText(type: TypeContract): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && TEXTS.has(type.name))
}

/** Takes every text. */
function isAnyText(name: ScalarName): boolean {
  return name === 'String' || name === 'ID'
}

/** Whether stored values of the one scalar are values of the other, as they are. */
function takes(now: ScalarName, then: ScalarName): boolean {
  if (now === then || now === 'JSON') return true
  if (isAnyText(now)) return TEXTS.has(then) || then === 'UUID'
  return now === 'Float' && then === 'Int'
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
