// Adds `extensions.cost` to answers. Only where it is wanted: others keep their bytes as they are.
import type { Engine, EngineRequest, EngineResult, SerializedResult } from '../engine-contract.ts'
import type { CostReport } from './cost-budget.ts'

type Answering = Pick<Engine, 'run' | 'runSerialized'>

export function tellCost(steps: Answering, report: (estimated: number) => CostReport): Answering {
  return {
    run: async (operation, request) =>
      withCost(await steps.run(operation, request), withWindow(report(operation.cost ?? 0), request)),
    runSerialized: async (operation, request) => {
      const result = await steps.runSerialized(operation, request)
      return result.refused ? result : serializedWithCost(result, withWindow(report(operation.cost ?? 0), request))
    },
  }
}

function withWindow(cost: CostReport, { window }: EngineRequest): CostReport {
  return window === undefined ? cost : { ...cost, window: window() }
}

function withCost(result: EngineResult, cost: CostReport): EngineResult {
  if (result.data === undefined) return result
  return { ...result, extensions: { ...result.extensions, cost } }
}

/** An answer is an object that ends with its data, or with extensions that somebody has added before. */
function serializedWithCost(result: SerializedResult, cost: CostReport): SerializedResult {
  const text = typeof result.body === 'string' ? result.body : Buffer.from(result.body).toString('utf8')
  const extensions = { ...result.extensions, cost }
  const before = result.extensions === undefined ? text : withoutExtensions(text, result.extensions)
  return { ...result, extensions, body: `${before.slice(0, -1)},"extensions":${JSON.stringify(extensions)}}` }
}

function withoutExtensions(text: string, extensions: Readonly<Record<string, unknown>>): string {
  return `${text.slice(0, -`,"extensions":${JSON.stringify(extensions)}}`.length)}}`
}
