// One activation of a derived entity at work in this process: its three stages, and its snapshot.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Contributed } from '../../schema/fold/compiled-fold.ts'
import type { FailureLog } from '../failure-log.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import type { IngestObserver } from '../ingest-observer.ts'
import { ContributeStage } from './contribute-stage.ts'
import type { Activation, FoldLedger } from './fold-ledger.ts'
import { foldGroup, type FoldPlan } from './fold-plan.ts'
import { FoldStage } from './fold-stage.ts'
import type { GroupStates } from './group-states.ts'
import type { KeptWindowsOptions } from './kept-windows.ts'
import { NoticeStage } from './notice-stage.ts'
import { Snapshot } from './snapshot.ts'
import { StageConsumer, type StageConsumerOptions } from './stage-consumer.ts'
import { StagePace } from './stage-pace.ts'

export interface FoldRunOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly ledger: FoldLedger
  readonly log: EventLog
  /** Of the fold's own tables. */
  readonly store: Store
  /** Of products' live tables. */
  readonly rows: Store
  readonly clock: Clock
  readonly states: GroupStates
  readonly failures: FailureLog
  readonly logger?: IngestLogger
  readonly observer?: IngestObserver
  readonly onFailed: (failed: Contributed & { readonly kind: 'failed' }) => void
  readonly onLate: KeptWindowsOptions['onLate']
  /** Resolves once all that is in the derived topic is written. */
  readonly derivedIsWritten: () => Promise<void>
  /** What comes next in a partition of a stage is gone. */
  readonly onGone: () => void
}

export class FoldRun {
  readonly activation: Activation
  readonly stages: readonly StageConsumer[]
  readonly #pace: StagePace
  readonly #fold: FoldStage
  readonly #options: FoldRunOptions
  #snapshot: Snapshot | null = null

  constructor(options: FoldRunOptions) {
    const { plan, activation } = options
    this.#options = options
    this.activation = activation
    this.#pace = new StagePace(options)
    const foldRestMs = Math.max(limits.foldRestMs, plan.compiled.everyMs ?? 0)
    // What is told once in a while need not be contributed a hundred times meanwhile.
    const noticeRestMs = plan.direct === null ? limits.foldRestMs : Math.max(limits.foldRestMs, foldRestMs / 10)
    const notice = new NoticeStage(options)
    const contribute = new ContributeStage(options)
    const fold = new FoldStage(options)
    this.#fold = fold
    this.stages = [
      this.#stage('notice', [...new Set(plan.reads.map(({ changesTopic }) => changesTopic))], {
        process: (batch, signal) => notice.process(batch, signal),
        rest: (handled, signal) => this.#pace.rest(noticeRestMs, handled, signal),
      }),
      this.#stage('contribute', [plan.touchedTopic], {
        process: (batch, signal) => contribute.process(batch, signal),
        rest: (handled, signal) => this.#pace.rest(limits.foldRestMs, handled, signal),
      }),
      this.#stage('fold', [plan.contributionsTopic], {
        process: (batch, signal, onPart) => fold.process(batch, signal, onPart),
        rest: (handled, signal) => this.#pace.rest(foldRestMs, handled, signal),
      }),
    ]
  }

  async start(): Promise<void> {
    const { plan, derivedIsWritten, logger } = this.#options
    await Promise.all(this.stages.map((stage) => stage.start()))
    const [notice] = this.stages
    const first = plan.reads[plan.compiled.inputs[0]?.read ?? 0]?.changesTopic
    this.#snapshot = new Snapshot({
      ...this.#options,
      isMine: () => notice?.assignment().some(({ topic, partition }) => topic === first && partition === 0) === true,
      isThrough: async () => {
        await this.#folded()
        await derivedIsWritten()
      },
      onProblem: (error) => {
        logger?.warn(
          { error, fold: plan.compiled.name },
          'The rows of a fold could not be gone over; it is tried again.',
        )
      },
    })
  }

  async lag(): Promise<number> {
    const lags = await Promise.all(this.stages.map((stage) => stage.lag()))
    return lags.reduce((sum, lag) => sum + lag, 0)
  }

  /** Resolves once all that its inputs' changes told when called is in the derived topic. */
  async caughtUp(): Promise<void> {
    await this.#pace.without(async () => {
      await this.#folded()
      await this.#snapshot?.settled()
    })
  }

  async close(): Promise<void> {
    const reason = new MeshgateError('LOG_CLOSED', 'Ingest closed before it had caught up. Start it again.')
    await this.#snapshot?.close()
    await Promise.all(this.stages.map((stage) => stage.close(reason)))
  }

  async #folded(): Promise<void> {
    await this.#snapshot?.touched()
    // What one stage appends, the next must see.
    for (let touches = -1; touches !== this.#fold.touches;) {
      touches = this.#fold.touches
      for (const stage of this.stages) await stage.caughtUp()
    }
  }

  #stage(
    name: 'notice' | 'contribute' | 'fold',
    topics: readonly string[],
    work: Pick<StageConsumerOptions, 'process' | 'rest'>,
  ): StageConsumer {
    const { plan, activation, product } = { ...this.#options, product: this.#options.plan.product }
    return new StageConsumer({
      ...this.#options,
      ...work,
      product: `${product.domain}/${product.name}`,
      group: foldGroup(plan, name, activation.number),
      topics,
    })
  }
}
