// Where in a response what was denied would stand: once per field of the operation, with `@` for whatever index, as Apollo's router has it. That
// is known before anything runs, and does not grow with the answer.
import { limits } from '../../../platform/limits.ts'
import type { Plan, ResponseObject } from '../plan.ts'
import type { Planning } from './planning.ts'

/** Empty where nothing was denied. */
export function deniedOf({ supergraph }: Planning, response: ResponseObject): Pick<Plan, 'denied'> {
  if (supergraph.access.requirements.size === 0) return {}
  const paths = new Map<string, readonly string[]>()
  const visit = ({ fields }: ResponseObject, above: readonly string[]): void => {
    for (const field of fields) {
      const path = [...above, field.responseKey]
      if (field.kind === 'denied' && paths.size < limits.deniedFieldsToldMax) paths.set(JSON.stringify(path), path)
      if (field.kind === 'object') visit(field.child, [...path, ...listLevels(field.type)])
    }
  }
  visit(response, [])
  return paths.size === 0 ? {} : { denied: [...paths.values()] }
}

function listLevels(type: string): string[] {
  return type
    .split('[')
    .slice(1)
    .map(() => '@')
}
