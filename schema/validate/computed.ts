// Computed fields: their expressions, circles among them, and whether a partial record can compute them.
import type { CelExpression } from '../model.ts'
import { argumentPlace, wholeDirective } from '../parse/directive-values.ts'
import type { Expressions } from './expressions.ts'
import type { Shapes, TypeShape } from './shapes.ts'

/** A circle through `start`, as the path that closes it; null where there is none. */
function circleFrom(start: string, reads: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const visited = new Set<string>()
  const walk = (name: string, path: readonly string[]): readonly string[] | null => {
    for (const next of reads.get(name) ?? []) {
      if (next === start) return [...path, next]
      if (visited.has(next) || !reads.has(next)) continue
      visited.add(next)
      const found = walk(next, [...path, next])
      if (found !== null) return found
    }
    return null
  }
  return walk(start, [start])
}

/** The stored fields that a computed one reads, also through others. */
function storedReads(name: string, reads: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const stored = new Set<string>()
  const seen = new Set<string>([name])
  const open = [...(reads.get(name) ?? [])]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (seen.has(next)) continue
    seen.add(next)
    const further = reads.get(next)
    if (further === undefined) stored.add(next)
    else open.push(...further)
  }
  return stored
}

/** Expressions by field name; a field whose expression is wrong is missing. */
export function compileComputed(
  shape: TypeShape,
  partialKey: readonly string[] | null,
  shapes: Shapes,
  expressions: Expressions,
): ReadonlyMap<string, CelExpression> {
  const { reporter } = shapes
  const compiled = new Map<string, CelExpression>()
  for (const field of shape.fields.values()) {
    const directive = wholeDirective(field.declaration.directives, 'computed')
    if (field.role !== 'computed' || field.type === null || directive === null) continue
    const what = `The computed field "${shape.name}.${field.name}"`
    const expression = expressions.compile({ directive, shape, expected: field.type, declares: true, what })
    if (expression !== null) compiled.set(field.name, expression)
  }
  const reads = new Map([...compiled].map(([name, expression]) => [name, expression.reads]))
  const told = new Set<string>()
  for (const name of compiled.keys()) {
    const field = shape.fields.get(name)
    const directive = field === undefined ? null : wholeDirective(field.declaration.directives, 'computed')
    if (directive === null) continue
    const at = argumentPlace(directive, 'cel')
    const circle = circleFrom(name, reads)
    if (circle !== null) {
      // The circle is one mistake, told at its first member.
      if (!circle.some((member) => told.has(member))) {
        const message = `"${shape.name}.${name}" is computed from itself: ${circle.join(' → ')}.`
        reporter.error('COMPUTED_CYCLE', at, message, 'Compute one of them from stored fields.')
      }
      circle.forEach((member) => told.add(member))
      continue
    }
    // A key column is in every record; two other columns may come in two records, and neither could compute the field.
    const apart = partialKey === null ? [] : [...storedReads(name, reads)].filter((one) => !partialKey.includes(one))
    if (apart.length > 1) {
      const message = `"${shape.name}.${name}" reads ${apart.map((one) => `"${one}"`).join(' and ')}, which a partial record may send apart.`
      reporter.error(
        'COMPUTED_PARTIAL',
        at,
        message,
        'Compute it from one field, or send whole records and remove partial.',
      )
    }
  }
  return compiled
}
