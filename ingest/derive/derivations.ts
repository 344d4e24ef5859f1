// All derived entities that this process makes: what they need is made ready, they follow what others decide, and they are waited for in the order
// in which they are made from one another.
import { createGenerationStore, type ProductTables } from '../../platform/generation-store.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { TableTimings } from '../../platform/table-generations.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { compileFold } from '../../schema/fold/compile-fold.ts'
import type { CompiledFold } from '../../schema/fold/compiled-fold.ts'
import { FoldFailure } from '../../schema/fold/fold-failure.ts'
import type { FoldFunctions } from '../../schema/fold/fold-function.ts'
import type { Entity, Product } from '../../schema/model.ts'
import type { FailureLog } from '../failure-log.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import type { IngestObserver } from '../ingest-observer.ts'
import { DerivedFold } from './derived-fold.ts'
import { FoldLedger } from './fold-ledger.ts'
import { planFold, type FoldPlan } from './fold-plan.ts'
import { foldTables } from './fold-tables.ts'
import { GroupStates } from './group-states.ts'

export interface DerivationsOptions {
  readonly products: readonly Product[]
  /** Products that derived ones are made from, where those are not among `products`: they are only read. */
  readonly inputs?: readonly Product[]
  /** What `folds.ts` exports, by `domain/name`. */
  readonly functions?: Readonly<Record<string, FoldFunctions>>
  /** Of the text of the functions' files, by `domain/name`: with another one the fold begins anew. */
  readonly functionHashes?: Readonly<Record<string, string>>
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly logger?: IngestLogger
  readonly observer?: IngestObserver
  readonly tableTimings?: TableTimings
  readonly failures: FailureLog
  /** Resolves once all that is in the entity's topic is written. */
  readonly isWritten: (product: Product, entity: Entity) => Promise<void>
}

interface Derived {
  readonly plan: FoldPlan
  readonly fold: DerivedFold
}

/** What is made from another comes after it. FOLD_INPUT_MISSING, FOLD_FUNCTIONS_MISSING. Nothing is begun. */
export function planDerivations(
  options: Pick<DerivationsOptions, 'products' | 'inputs' | 'functions' | 'functionHashes'> & {
    readonly log: Pick<EventLog, 'timestampResolutionUs'>
  },
): readonly FoldPlan[] {
  const { products, inputs = [], functions = {}, functionHashes = {}, log } = options
  const names = new Set(products.map(nameOf))
  const readable = [...products, ...inputs.filter((input) => !names.has(nameOf(input)))]
  const plans = products.flatMap((product) =>
    product.entities.flatMap((entity) => {
      if (entity.derivation === null || entity.source === null) return []
      const name = nameOf(product)
      const compiled = compiledFold(product, entity, functions[name] ?? {}, functionHashes[name] ?? null)
      return [planFold({ product, entity, compiled, products: readable, resolutionUs: log.timestampResolutionUs })]
    }),
  )
  return inOrder(plans)
}

function compiledFold(
  product: Product,
  entity: Entity,
  functions: FoldFunctions,
  codeHash: string | null,
): CompiledFold {
  try {
    return compileFold(product, entity, functions, codeHash)
  } catch (error) {
    if (!(error instanceof FoldFailure)) throw error
    throw new MeshgateError('FOLD_FUNCTIONS_MISSING', error.message, error)
  }
}

export class Derivations {
  readonly #options: DerivationsOptions
  readonly #ledger: FoldLedger
  readonly #derived: readonly Derived[]
  readonly #stop = new AbortController()
  readonly #toldFailures = new Set<string>()
  /** Folds. */
  readonly #toldLate = new Set<string>()
  #following: Promise<void> = Promise.resolve()

  /** `plans`: of `planDerivations`. */
  constructor(plans: readonly FoldPlan[], options: DerivationsOptions) {
    this.#options = options
    const { log, clock, products, inputs = [] } = options
    const ledger = new FoldLedger({ log, clock })
    this.#ledger = ledger
    const rows = liveTables([...products, ...inputs], options)
    const states = new GroupStates()
    this.#derived = plans.map((plan) => ({
      plan,
      fold: new DerivedFold({
        ...options,
        plan,
        ledger,
        rows,
        states,
        onFailed: ({ expression, message }) => this.#failed(plan, expression, message),
        onLate: (late) => this.#late(plan, late),
        derivedIsWritten: () => options.isWritten(plan.product, plan.entity),
      }),
    }))
  }

  /** The topics and tables of the products, and `mesh.folds`, exist. */
  async start(): Promise<void> {
    if (this.#derived.length === 0) return
    const { log, store, products, inputs = [] } = this.#options
    const own = new Set(products.map(nameOf))
    const others = inputs.filter((input) => !own.has(nameOf(input)))
    const used = others.filter((input) =>
      this.#derived.some(({ plan }) => plan.reads.some(({ read }) => read.product === nameOf(input))),
    )
    await log.createTopics(used.flatMap(emitTopics))
    await store.migrate(foldTables)
    await liveTables(used, this.#options).migrate(used.flatMap(emitTables))
    // Each joins three groups, and on servers every one takes its time.
    const started = await Promise.allSettled(this.#derived.map(({ fold }) => fold.start()))
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason
    this.#following = this.#follow()
  }

  /** Product and groups of the stages, for what is told of them. */
  productOf(group: string): string | null {
    const found = this.#derived.find(({ fold }) => fold.run?.stages.some((stage) => stage.group === group))
    return found === undefined ? null : nameOf(found.plan.product)
  }

  /** Records not yet handled by the stages, by `domain/name`. */
  async lag(): Promise<Readonly<Record<string, number>>> {
    const each = await Promise.all(this.#derived.map(async ({ fold }) => (await fold.run?.lag()) ?? 0))
    const lags: Record<string, number> = {}
    this.#derived.forEach(({ plan }, at) => {
      const name = nameOf(plan.product)
      lags[name] = (lags[name] ?? 0) + (each[at] ?? 0)
    })
    return lags
  }

  /** Resolves once all that their inputs' changes told when called is written. */
  async caughtUp(): Promise<void> {
    for (const { plan, fold } of this.#derived) {
      await fold.caughtUp()
      await this.#options.isWritten(plan.product, plan.entity)
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new DOMException('Ingest closes.', 'AbortError'))
    await this.#following
    await Promise.all(this.#derived.map(({ fold }) => fold.close()))
  }

  async #follow(): Promise<void> {
    const { clock, logger } = this.#options
    const { signal } = this.#stop
    let told = ''
    while (!signal.aborted) {
      await clock.sleep(limits.foldPollMs, signal).catch(() => undefined)
      if (signal.aborted) return
      try {
        await this.#ledger.readOn()
        for (const { fold } of this.#derived) await fold.follow()
        told = ''
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (reason !== told)
          logger?.warn({ error }, 'The definitions of folds cannot be followed now; it is tried again.')
        told = reason
      }
    }
  }

  #late(plan: FoldPlan, { group, rows }: { readonly group: string; readonly rows: number }): void {
    const { observer, logger } = this.#options
    const { name } = plan.compiled
    observer?.foldLate?.({ product: nameOf(plan.product), rows })
    if (this.#toldLate.has(name)) return
    this.#toldLate.add(name)
    logger?.warn(
      { fold: name, group: group.slice(0, limits.foldLateGroupCharactersMax), rows },
      'Rows came for a window that is closed, and are refused; such rows are counted from now on.',
    )
  }

  #failed(plan: FoldPlan, expression: string, message: string): void {
    const { observer, logger } = this.#options
    const product = nameOf(plan.product)
    observer?.foldFailed?.({ product, expression })
    const name = `${plan.compiled.name}/${expression}`
    if (this.#toldFailures.has(name) || this.#toldFailures.size >= limits.foldFailuresToldMax) return
    this.#toldFailures.add(name)
    logger?.warn(
      { fold: plan.compiled.name, expression, message },
      'An expression of a fold cannot be evaluated for a row, which contributes nothing; such rows are counted from now on.',
    )
  }
}

function liveTables(products: readonly Product[], { store, clock, tableTimings }: DerivationsOptions): Store {
  const tables: ProductTables[] = products.map((product) => ({ product: nameOf(product), tables: emitTables(product) }))
  const timings = tableTimings === undefined ? {} : { timings: tableTimings }
  return createGenerationStore({ store, clock, products: tables, ...timings })
}

/** What is made from another comes after it. */
function inOrder(plans: readonly FoldPlan[]): FoldPlan[] {
  const ordered: FoldPlan[] = []
  const visit = (plan: FoldPlan, path: readonly FoldPlan[]): void => {
    if (ordered.includes(plan) || path.includes(plan)) return
    for (const { read } of plan.reads) {
      const before = plans.find(
        ({ product, entity }) => nameOf(product) === read.product && entity.name === read.entity,
      )
      if (before !== undefined) visit(before, [...path, plan])
    }
    ordered.push(plan)
  }
  for (const plan of plans) visit(plan, [])
  return ordered
}

function nameOf(product: Product): string {
  return `${product.domain}/${product.name}`
}
