// A derived entity in this process: it works by the fold's active definition where that is its own, and makes it active at the start where it is
// not. Where retention has dropped what a stage would read next, the fold begins anew.
import { createHash } from 'node:crypto'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Activation } from './fold-ledger.ts'
import { FoldRun, type FoldRunOptions } from './fold-run.ts'

/** Of what the stages keep and tell one another: in another form a fold begins anew. */
const STORED_FORM = '2\n'
const STORED_FORM_DIRECT = 'direct 1\n'

export type DerivedFoldOptions = Omit<FoldRunOptions, 'activation' | 'onGone'>

export class DerivedFold {
  readonly #options: DerivedFoldOptions
  readonly #definitionHash: string
  #run: FoldRun | null = null
  #gone: FoldRun | null = null
  #closed = false
  #changing: Promise<void> = Promise.resolve()

  constructor(options: DerivedFoldOptions) {
    this.#options = options
    this.#definitionHash = createHash('sha256')
      .update(options.plan.direct === null ? STORED_FORM : STORED_FORM_DIRECT)
      .update(options.plan.compiled.definition)
      .digest('hex')
  }

  get run(): FoldRun | null {
    return this.#run
  }

  /** Its topics and those of its inputs exist. */
  async start(): Promise<void> {
    const { ledger, plan } = this.#options
    await ledger.readOn()
    const active = ledger.activation(plan.compiled.name)
    await this.#work(active?.definitionHash === this.#definitionHash ? active : await this.#activate())
  }

  /** One look whether it has to begin anew, or to leave the fold to others. The ledger has been read. */
  follow(): Promise<void> {
    this.#changing = this.#changing.catch(() => undefined).then(() => this.#follow())
    return this.#changing
  }

  /** As FoldRun.caughtUp; of a later activation where one comes meanwhile. */
  async caughtUp(): Promise<void> {
    for (;;) {
      const run = this.#run
      try {
        await run?.caughtUp()
      } catch (error) {
        if (this.#closed || run === this.#run) throw error
      }
      if (run === this.#run) return
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#changing.catch(() => undefined)
    await this.#run?.close()
  }

  async #follow(): Promise<void> {
    if (this.#closed || this.#run === null) return
    const { ledger, plan, logger } = this.#options
    const { name } = plan.compiled
    if (this.#gone === this.#run && ledger.activation(name)?.number === this.#run.activation.number) {
      logger?.warn({ fold: name }, 'Retention has dropped what a fold would have read next: it begins anew.')
      await this.#activate()
    }
    const active = ledger.activation(name)
    if (active === null || active.number === this.#run.activation.number) return
    const former = this.#run
    if (active.definitionHash === this.#definitionHash) await this.#work(active)
    else {
      this.#run = null
      logger?.warn({ fold: name }, 'Another definition of the fold is worked by: this process leaves it to others.')
    }
    await former.close()
  }

  async #work(activation: Activation): Promise<void> {
    const run: FoldRun = new FoldRun({ ...this.#options, activation, onGone: () => (this.#gone = run) })
    await run.start()
    this.#run = run
  }

  async #activate(): Promise<Activation> {
    const { ledger, plan, log } = this.#options
    const { compiled, reads, touchedTopic, contributionsTopic } = plan
    const next = { fold: compiled.name, definitionHash: this.#definitionHash }
    const topics = new Set([...reads.map(({ changesTopic }) => changesTopic), touchedTopic, contributionsTopic])
    for (;;) {
      const active = await ledger.activate(next, () => endsOf(log, topics))
      if (active.definitionHash === this.#definitionHash) return active
    }
  }
}

async function endsOf(log: EventLog, topics: ReadonlySet<string>): Promise<Activation['starts']> {
  const ends = await Promise.all(
    [...topics].map(async (topic) => [topic, (await log.offsets(topic)).map(({ next }) => next)] as const),
  )
  return Object.fromEntries(ends)
}
