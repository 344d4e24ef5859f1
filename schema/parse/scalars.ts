// The scalars of the language by name.
import type { ScalarName } from '../model.ts'

const NAMES = {
  ID: true,
  String: true,
  Int: true,
  Float: true,
  Boolean: true,
  BigInt: true,
  Decimal: true,
  DateTime: true,
  Date: true,
  UUID: true,
  EmailAddress: true,
  URL: true,
  JSON: true,
} as const satisfies Record<ScalarName, true>

export const scalarNames: readonly string[] = Object.keys(NAMES)

export function isScalarName(name: string): name is ScalarName {
  return Object.hasOwn(NAMES, name)
}
