// Compiles a plan into steps: what is known before the first request (paths, representations, rewrites, variables) is closures by then.
import type { PlanNode } from '../plan/planner.ts'
import { compileEntityFetch } from './entity-fetch.ts'
import type { Step } from './execution.ts'
import { compileRootFetch, type CompileContext } from './root-fetch.ts'

export function compilePlan(node: PlanNode, context: CompileContext): Step {
  switch (node.kind) {
    case 'root':
      return compileRootFetch(node, context)
    case 'entities':
      return compileEntityFetch(node, context)
    case 'sequence': {
      const steps = node.nodes.map((inner) => compilePlan(inner, context))
      return async (execution) => {
        for (const step of steps) await step(execution)
      }
    }
    case 'parallel': {
      const steps = node.nodes.map((inner) => compilePlan(inner, context))
      return async (execution) => {
        await Promise.all(steps.map((step) => step(execution)))
      }
    }
    case 'condition': {
      const variable = context.variableNames.get(node.variable) ?? node.variable
      const whenTrue = node.whenTrue === null ? null : compilePlan(node.whenTrue, context)
      const whenFalse = node.whenFalse === null ? null : compilePlan(node.whenFalse, context)
      return async (execution) => {
        await (execution.variables[variable] === true ? whenTrue : whenFalse)?.(execution)
      }
    }
  }
}
