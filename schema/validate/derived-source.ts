// @source of a derived entity: its records are the fold's, so that their form and their versions are not the author's to choose.
import type { Source } from '../model.ts'
import { argumentPlace, wholeDirective } from '../parse/directive-values.ts'
import type { Reporter } from '../parse/reporter.ts'
import type { TypeShape } from './shapes.ts'

const OF_THE_FOLD = ['version', 'envelope', 'format', 'pattern', 'partial']

/** The source as the fold fills it; `source` null stays so. */
export function derivedSource(
  shape: TypeShape,
  source: Source | null,
  key: readonly string[] | null,
  reporter: Reporter,
): Source | null {
  const directive = wholeDirective(shape.declaration.directives, 'source')
  if (source === null || directive === null) return null
  for (const argument of OF_THE_FOLD) {
    const at = argumentPlace(directive, argument)
    if (at === directive.node) continue
    const message = `The records of "${shape.name}" are those of its fold: @source has no ${argument}.`
    reporter.error('SOURCE_CONFLICT', at, message, `Remove ${argument}.`)
  }
  if (key !== null && shape.fields.has(source.keyField) && !key.includes(source.keyField)) {
    const message = `@source(key:) names "${source.keyField}", which is not in the key of "${shape.name}": a delete has only the key.`
    const fix = `Write "${key[0] ?? ''}".`
    reporter.error('SOURCE_CONFLICT', argumentPlace(directive, 'key'), message, fix)
  }
  return { ...source, envelope: 'DERIVED', format: 'JSON', version: null, partial: false, rekeyed: false }
}
