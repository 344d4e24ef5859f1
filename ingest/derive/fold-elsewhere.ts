// A derived entity that other processes make, as far as the log tells: how much waits at its stages, and when nothing does any more.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { GroupProgress } from '../group-progress.ts'
import type { Activation, FoldLedger } from './fold-ledger.ts'
import { foldGroup, type FoldPlan } from './fold-plan.ts'
import { isSettled, isTouched } from './snapshot-progress.ts'

export interface FoldElsewhereOptions {
  readonly plan: FoldPlan
  readonly ledger: FoldLedger
  readonly log: EventLog
  readonly clock: Clock
}

export class FoldElsewhere {
  readonly #options: FoldElsewhereOptions

  constructor(options: FoldElsewhereOptions) {
    this.#options = options
  }

  get plan(): FoldPlan {
    return this.#options.plan
  }

  /** Records that its stages have not handled. Of a fold that nobody works by yet: all changes of its inputs. */
  async lag(): Promise<number> {
    const { ledger, log } = this.#options
    await ledger.readOn()
    const activation = this.#activation()
    if (activation !== null) {
      const lags = await Promise.all(this.#stages(activation).flatMap((stage) => stage.map((each) => each.lag())))
      return lags.reduce((sum, lag) => sum + lag, 0)
    }
    const held = await Promise.all(changesTopics(this.plan).map((topic) => log.offsets(topic)))
    return held.flat().reduce((sum, { earliest, next }) => sum + next - earliest, 0)
  }

  /** Resolves once all that its inputs' changes told when called is in the derived topic, by the definition that is worked by then. */
  async caughtUp(): Promise<void> {
    const { plan, ledger } = this.#options
    for (;;) {
      await this.#until(() => this.#activation() !== null)
      const activation = this.#activation()
      if (activation === null) continue
      const snapshot = { plan, activation, ledger }
      const isGone = (): boolean => this.#activation()?.number !== activation.number
      await this.#until(() => isGone() || isTouched(snapshot))
      await this.#folded(activation, isGone)
      await this.#until(() => isGone() || isSettled(snapshot))
      if (!isGone()) return
    }
  }

  /** Ends sooner where the fold begins anew: nobody works for the former groups any more. */
  async #folded(activation: Activation, isGone: () => boolean): Promise<void> {
    const stages = this.#stages(activation)
    const gone = new MeshgateError('FOLD_SUPERSEDED', `Another definition of the fold ${activation.fold} is worked by.`)
    let isThrough = false
    const watching = this.#until(() => isThrough || isGone())
      .then(
        () => gone,
        (error: unknown) => error,
      )
      .then((reason) => {
        for (const progress of stages.flat()) progress.close(reason)
      })
    try {
      // What one stage appends, the next must see.
      for (const stage of stages) await Promise.all(stage.map((progress) => progress.caughtUp()))
    } catch (error) {
      if (error !== gone) throw error
    } finally {
      isThrough = true
      await watching
    }
  }

  #activation(): Activation | null {
    return this.#options.ledger.activation(this.plan.compiled.name)
  }

  #stages({ number }: Activation): readonly (readonly GroupProgress[])[] {
    const { plan } = this.#options
    const stage = (name: 'notice' | 'contribute' | 'fold', topics: readonly string[]): readonly GroupProgress[] =>
      topics.map((topic) => new GroupProgress(foldGroup(plan, name, number), topic, this.#options))
    return [
      stage('notice', changesTopics(plan)),
      stage('contribute', [plan.touchedTopic]),
      stage('fold', [plan.contributionsTopic]),
    ]
  }

  async #until(condition: () => boolean): Promise<void> {
    const { ledger, clock } = this.#options
    for (;;) {
      await ledger.readOn()
      if (condition()) return
      await clock.sleep(limits.caughtUpPollMs)
    }
  }
}

/** Of all that it reads. */
function changesTopics({ reads }: FoldPlan): readonly string[] {
  return [...new Set(reads.map(({ changesTopic }) => changesTopic))]
}
