// Makes a derived entity's CompiledFold from the model: what rows contribute, and the fold of a group by aggregates or by a function.
import type { Derivation, Entity, Product } from '../model.ts'
import { cellText, type Row } from '../row.ts'
import { compileAggregateFold } from './aggregate-fold.ts'
import type { CompiledFold, CompiledFoldInput } from './compiled-fold.ts'
import { compileFoldInput, type ContributeContext, scopeOfFold } from './contribute.ts'
import { type AggregateValues, compileAggregateValues, compileVariableValues } from './contributed-values.ts'
import { foldDefinition } from './fold-definition.ts'
import { FoldFailure } from './fold-failure.ts'
import type { FoldFunction, FoldFunctions } from './fold-function.ts'
import { compileFunctionFold } from './function-fold.ts'
import type { GroupFold } from './group-fold.ts'
import { compileSessionFold } from './session-fold.ts'

/**
 * `functions`: what `folds.ts` beside the product's file exports; `codeHash`: of all text that decides what they do, null where only their own is
 * known. Throws a FoldFailure where the function that the entity names is not among them.
 */
export function compileFold(
  product: Product,
  entity: Entity,
  functions: FoldFunctions,
  codeHash: string | null = null,
): CompiledFold {
  const { derivation } = entity
  if (derivation === null) throw new Error(`Invariant broken: ${entity.name} is not derived`)
  const name = `${product.domain}/${product.name}.${entity.name}`
  const used = new Set(derivation.folds.flatMap(({ input, joins }) => [input, ...joins.map((join) => join.input)]))
  const reads = product.reads.filter((read) => used.has(read.name))
  const joined = new Set(derivation.folds.flatMap(({ joins }) => joins.map(({ input }) => input)))
  const context: ContributeContext = { product, entity, derivation, reads }
  const fold = functionOf(derivation, functions, name)
  const { inputs, groupFold } =
    fold === null ? byAggregates(context, derivation, name) : byFunction(context, derivation, { fold, name })
  const { window } = derivation
  return {
    ...(window?.kind === 'session'
      ? compileSessionFold(groupFold, { gapMs: window.gapMs, derivation, name })
      : groupFold),
    name,
    definition: foldDefinition({ product, entity, derivation, reads, fold, codeHash }),
    reads: reads.map((read) => {
      const index = derivation.folds.findIndex(({ input }) => input === read.name)
      return {
        input: read.name,
        product: read.product,
        entity: read.entity,
        key: read.key,
        fold: index < 0 ? null : index,
        joined: joined.has(read.name),
      }
    }),
    inputs,
    everyMs: derivation.everyMs,
    keptForMs: derivation.keptForMs,
    windowOf: (group) => windowOfGroup(derivation, group),
  }
}

function windowOfGroup({ window, windowStartField }: Derivation, group: Row): ReturnType<CompiledFold['windowOf']> {
  if (window === null || window.kind === 'session' || windowStartField === null) return null
  const startMs = Date.parse(cellText(group[windowStartField]))
  return { startMs, endMs: startMs + window.sizeMs }
}

interface Parts {
  readonly inputs: readonly CompiledFoldInput[]
  readonly groupFold: GroupFold
}

function functionOf({ function: named }: Derivation, functions: FoldFunctions, name: string): FoldFunction | null {
  if (named === null) return null
  const fold = Object.hasOwn(functions, named.name) ? functions[named.name] : undefined
  if (fold !== undefined) return fold
  const known = Object.keys(functions).join(', ')
  const exported = known === '' ? 'exports none' : `exports ${known}`
  throw new FoldFailure('function-missing', `${name}: there is no fold function "${named.name}": folds.ts ${exported}.`)
}

function byAggregates(context: ContributeContext, derivation: Derivation, name: string): Parts {
  const { entity } = context
  const ofFolds = derivation.folds.map((fold, index): AggregateValues => {
    const aggregates = derivation.aggregates.filter((aggregate) => aggregate.fold === index)
    return compileAggregateValues(aggregates, scopeOfFold(fold, context))
  })
  const places = new Map(ofFolds.flatMap((ofFold) => [...ofFold.places]))
  return {
    inputs: ofFolds.map(({ values }, index) => compileFoldInput(index, values, context)),
    groupFold: compileAggregateFold({ entity, derivation, name }, places),
  }
}

function byFunction(
  context: ContributeContext,
  derivation: Derivation,
  { fold, name }: { readonly fold: FoldFunction; readonly name: string },
): Parts {
  const { entity, reads } = context
  const { name: functionName = '', ordered = false } = derivation.function ?? {}
  return {
    inputs: derivation.folds.map((one, index) => compileFoldInput(index, compileVariableValues(one, reads), context)),
    groupFold: compileFunctionFold(fold, { entity, derivation, name, functionName, ordered }),
  }
}
