// A default that the field's own checks refuse: every record without a value would be rejected, and nobody would know before the first.
import { compileCleaning } from '../emit/record-cleaning.ts'
import { compileRule, failureText } from '../emit/record-checks.ts'
import { coerceScalar } from '../emit/record-scalars.ts'
import type { Check, Extraction, FieldType } from '../model.ts'
import { argumentPlace, wholeDirective } from '../parse/directive-values.ts'
import { nearestName } from '../parse/nearest-name.ts'
import type { Reporter } from '../parse/reporter.ts'
import type { Value } from '../row.ts'
import type { FieldShape } from './shapes.ts'

/** The default as rows have it; null where there is none, it is no single value, or it is none of the type (reported elsewhere). */
function defaultValue(extraction: Extraction, type: FieldType): Value {
  if (extraction.defaultText === null) return null
  const cleaned = compileCleaning(extraction, type, [])?.(undefined)
  if (type.kind === 'enum') return typeof cleaned === 'string' ? cleaned : null
  return type.kind === 'scalar' ? (coerceScalar(type.scalar)(cleaned, { sawNumber: false }) ?? null) : null
}

function suggestDefault(check: Check, text: string): string {
  const { rule } = check
  const near = rule.kind === 'oneOf' ? (nearestName(text, rule.values) ?? rule.values[0]) : undefined
  return near === undefined ? 'Write a default that the check accepts, or mend the check.' : `Write "${near}".`
}

export function checkDefault(
  field: FieldShape,
  extraction: Extraction,
  checks: readonly Check[],
  reporter: Reporter,
): void {
  const { type, declaration } = field
  const directive = wholeDirective(declaration.directives, 'from')
  if (type === null || directive === null) return
  const value = defaultValue(extraction, type)
  if (value === null) return
  for (const check of checks) {
    // A warning for every record without a value may be what is wanted.
    if (check.onFail === 'WARN' || compileRule(check, type)?.(value) !== false) continue
    const message = `The default of "${declaration.owner}.${field.name}" fails the check "${check.id}": ${failureText(check, value)}`
    const fix = suggestDefault(check, extraction.defaultText ?? '')
    reporter.error('DEFAULT_INVALID', argumentPlace(directive, 'default'), message, fix)
  }
}
