// Inputs of derived entities whose rows end by their table's TTL, which no change tells: what is made of them must not depend on when it is
// looked at again. Windows that are closed before their rows end are exact; whatever else wants such rows must say that what ended stays.
import type { Diagnostic } from './diagnostic.ts'
import type { Derivation, Entity, Fold, Product, ReadInput, SourceLocation } from './model.ts'
import { parseDurationMs } from './parse/duration.ts'
import { schemaLimits } from './schema-limits.ts'

const productName = (product: Product): string => `${product.domain}/${product.name}`

interface Ending {
  readonly entity: Entity
  readonly derivation: Derivation
  readonly read: ReadInput
  readonly ttlMs: number
}

/** Of the rows that an input type reads; null where they do not end, or nobody of the mesh has them. */
export function ttlOfRead(read: Pick<ReadInput, 'product' | 'entity'>, products: readonly Product[]): number | null {
  const owner = products.find((product) => productName(product) === read.product)
  const entity = owner?.entities.find((one) => one.name === read.entity && one.source !== null)
  return entity?.tables[0]?.ttlMs ?? null
}

export function checkEndedRows(products: readonly Product[]): readonly Diagnostic[] {
  return products.flatMap((product) =>
    product.reads.flatMap((read) => {
      const ttlMs = ttlOfRead(read, products)
      if (ttlMs === null) return []
      return product.entities.flatMap((entity) =>
        entity.derivation === null ? [] : checkUse({ entity, derivation: entity.derivation, read, ttlMs }),
      )
    }),
  )
}

function checkUse(ending: Ending): readonly Diagnostic[] {
  const { derivation, read } = ending
  return derivation.folds.flatMap((fold) => [
    ...(fold.input === read.name ? checkFold(fold, ending) : []),
    ...(fold.joins.some(({ input }) => input === read.name) ? [joined(fold, ending)] : []),
  ])
}

function checkFold(fold: Fold, { entity, derivation, read, ttlMs }: Ending): readonly Diagnostic[] {
  if (fold.endedStay) return []
  const ends = `Rows of "${read.entity}" of ${read.product} end after ${hours(ttlMs)}, which no change tells`
  const { window, keptForMs } = derivation
  const stay = 'say that what ended rows contributed stays counted: @fold(endedStay: true)'
  if (window === null || window.kind === 'session') {
    return [problem(fold.location, `${ends}: "${entity.name}" would hold what ended or not.`, `Fold them by @window(size:, keptFor:), or ${stay}.`)] // prettier-ignore
  }
  const roomMs = ttlMs - schemaLimits.foldEndedRowsMarginMs - window.sizeMs
  if (keptForMs !== null && keptForMs <= roomMs) return []
  const message =
    keptForMs === null
      ? `${ends}, and windows of "${entity.name}" are never closed.`
      : `${ends}, and windows of "${entity.name}" take what comes late up to ${hours(window.sizeMs + keptForMs)} after they begin; a fold that begins anew needs ${hours(schemaLimits.foldEndedRowsMarginMs)} more.`
  const fix =
    roomMs <= 0
      ? `Let the table keep its rows for longer, or ${stay}.`
      : `Write a keptFor of at most ${hours(roomMs)}, or ${stay}.`
  return [problem(fold.location, message, fix)]
}

function joined(fold: Fold, { entity, read, ttlMs }: Ending): Diagnostic {
  const message = `Rows of "${read.entity}" of ${read.product} end after ${hours(ttlMs)}, which no change tells: rows of "${entity.name}" would be joined with what ended or not.`
  return problem(fold.location, message, 'Fold them as an input of their own, or let the table keep its rows.')
}

function problem(location: SourceLocation, message: string, fix: string): Diagnostic {
  return { code: 'MESH_READ_ENDS', severity: 'ERROR', message, fix, location }
}

const HOUR_MS = 3_600_000

/** A duration as the language writes them. */
function hours(ms: number): string {
  const days = ms / (24 * HOUR_MS)
  const text = Number.isInteger(days) ? `P${days}D` : ms % HOUR_MS === 0 ? `PT${ms / HOUR_MS}H` : `PT${ms / 1_000}S`
  return parseDurationMs(text) === ms ? text : `${ms} ms`
}
