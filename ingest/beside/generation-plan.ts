// An entity's plan with the names that its tables have in a generation.
import { FIRST_GENERATION, generationTable } from '../../platform/table-generations.ts'
import type { EntityPlan, TablePlan } from '../entity-plan.ts'

export function generationPlan(plan: EntityPlan, generation: number): EntityPlan {
  if (generation === FIRST_GENERATION) return plan
  const named = (table: TablePlan): TablePlan => ({ ...table, name: generationTable(table.name, generation) })
  return { ...plan, base: named(plan.base), further: plan.further.map(named) }
}
