// The text of all that decides a fold's rows and states, equal for equal definitions: members in the order of their names, without places
// in files.
import type { Derivation, Entity, Product, ReadInput } from '../model.ts'
import type { FoldFunction } from './fold-function.ts'

export interface DefinitionParts {
  readonly product: Product
  readonly entity: Entity
  readonly derivation: Derivation
  readonly reads: readonly ReadInput[]
  readonly fold: FoldFunction | null
  /** Null: the function's own text stands for it. */
  readonly codeHash: string | null
}

/** Raised when the states or contributions of folds take another form: what is stored cannot be read any more. */
const FORM = 1

/** Of the model, what does not decide rows: places, how often rows are told, and what only follows from expressions. */
const LEFT_OUT: ReadonlySet<string> = new Set(['location', 'everyMs', 'reads', 'description'])

export function foldDefinition({ product, entity, derivation, reads, fold, codeHash }: DefinitionParts): string {
  const fields = entity.fields.flatMap((field) =>
    field.kind === 'stored' ? [{ name: field.name, type: field.type, nullable: field.nullable }] : [],
  )
  const { readTypes, enums } = product
  return canonicalText({
    form: FORM,
    key: entity.key,
    fields,
    derivation,
    inputs: reads,
    nested: readTypes.map(({ name, fields: ofType }) => ({ name, fields: ofType })),
    enums,
    function: fold === null ? null : [fold.version ?? null, codeHash ?? functionText(fold)],
  })
}

const functionText = (fold: FoldFunction): readonly (readonly [string, string])[] =>
  (['init', 'apply', 'retract', 'emit'] as const).map((member) => [member, String(fold[member] ?? '')])

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    const entries = Object.entries(member).filter(([name]) => !LEFT_OUT.has(name))
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
