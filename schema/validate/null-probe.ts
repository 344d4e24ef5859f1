// Whether an expression gives null where everything that may be null is: CEL's types do not tell what is read through a nested value.
import type { CelScope, CompiledCel } from '../cel/compile-cel.ts'
import type { FieldType, ScalarName } from '../model.ts'
import type { Row, Value } from '../row.ts'

const SAMPLES: Readonly<Record<ScalarName, Value>> = {
  ID: 'a',
  String: 'a',
  Int: 1,
  Float: 1,
  Boolean: true,
  BigInt: '1',
  Decimal: '1',
  DateTime: '2000-01-01T00:00:00.000Z',
  Date: '2000-01-01',
  UUID: '00000000-0000-4000-8000-000000000000',
  EmailAddress: 'a@example.com',
  URL: 'https://example.com/',
  JSON: 'a',
}

function sampleOf(type: FieldType, scope: CelScope): Value {
  switch (type.kind) {
    case 'scalar':
      return SAMPLES[type.scalar]
    case 'enum':
      return scope.enums.find((one) => one.name === type.name)?.values[0]?.name ?? ''
    case 'list':
      return [type.itemsNullable ? null : sampleOf(type.of, scope)]
    case 'object': {
      const fields = scope.valueTypes.find((one) => one.name === type.name)?.fields ?? []
      return Object.fromEntries(
        fields.flatMap((field) =>
          field.kind === 'stored' ? [[field.name, field.nullable ? null : sampleOf(field.type, scope)]] : [],
        ),
      )
    }
  }
}

/** Of scopes whose types do not contain themselves. */
export function isNullOfNulls(expression: CompiledCel, scope: CelScope): boolean {
  const values: Row = Object.fromEntries(
    expression.reads.flatMap((name): [string, Value][] => {
      const variable = scope.variables.get(name)
      return variable === undefined ? [] : [[name, variable.nullable ? null : sampleOf(variable.type, scope)]]
    }),
  )
  const result = expression.evaluate(values)
  return result.kind === 'value' ? result.value === null : result.onNull
}
