// Second stage: looks at the rows that are touched, and appends to `<topic>.contributions` what they contribute to which groups now. What it may
// have said of a row stands in mesh_FoldInputs before it says it, so that whoever comes next takes back what is not so.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import type { Contributed, Group, JoinedRows } from '../../schema/fold/compiled-fold.ts'
import type { Row } from '../../schema/row.ts'
import { contributed, keptMore, left, type Contributing } from './contributing.ts'
import { ContributionList, fence } from './contributions.ts'
import { addRows } from './direct-contributions.ts'
import { DirectList } from './direct-messages.ts'
import type { Activation, Claimed, FoldLedger } from './fold-ledger.ts'
import { foldGroup, foldKey, type FoldPlan } from './fold-plan.ts'
import { FOLD_INPUTS } from './fold-tables.ts'
import { dependentDelete, dependentPut, inputKey, inputWrite, keptInput } from './input-rows.ts'
import { joinedText, memberText } from './members.ts'
import { packedText } from './packed-contributions.ts'
import { ENDED, readRows } from './read-rows.ts'
import { requireNotPassed, requireStart } from './stage-start.ts'
import { Tenures, type Tenure } from './tenures.ts'
import { touchedIn, type Touched } from './touches.ts'

export interface ContributeOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly ledger: FoldLedger
  readonly log: EventLog
  /** Of the fold's own tables. */
  readonly store: Store
  /** Of the inputs' live tables. */
  readonly rows: Store
  /** An expression could not be evaluated for a row, which contributes nothing. */
  readonly onFailed: (failed: Contributed & { readonly kind: 'failed' }) => void
}

type OwnTenure = Tenure<null>

export class ContributeStage {
  readonly #options: ContributeOptions
  readonly #fold: string
  readonly #tenures: Tenures<null>

  constructor(options: ContributeOptions) {
    this.#options = options
    const { plan, activation, ledger, log } = options
    const { fold, number } = activation
    this.#fold = foldKey(activation)
    const group = { log, activation, group: foldGroup(plan, 'contribute', number) }
    const begin = async (first: RecordBatch, { epoch }: Claimed): Promise<null> => {
      const { partition } = first
      await requireStart(group, first)
      await requireNotPassed(group, first)
      const to = Array.from({ length: plan.partitions }, (_, index) => index)
      // What owners before append from now on is dropped; what they appended, and so what they kept before, is seen.
      const fences = to.map((each) => fence({ number, partition, epoch }, each))
      await log.append(plan.contributionsTopic, fences)
      return null
    }
    this.#tenures = new Tenures({ ledger, fold, number, stage: 'contribute', begin })
  }

  async process(batch: RecordBatch, signal: AbortSignal): Promise<void> {
    const { records, partition } = batch
    const tenure = await this.#tenures.of(batch, signal)
    const touched = touchedIn(records, this.#options.activation.number)
    for (let from = 0; from < touched.length; from += limits.foldRowsAtOnceMax) {
      const some = touched.slice(from, from + limits.foldRowsAtOnceMax)
      signal.throwIfAborted()
      await this.#contribute(some, { tenure, partition, signal })
    }
  }

  async #contribute(touched: readonly Touched[], at: At): Promise<void> {
    const { log, plan, store, activation } = this.#options
    const { tenure, partition, signal } = at
    if (plan.direct !== null) {
      await this.#tellRows(touched, at)
      return
    }
    const inputs = await this.#read(touched)
    const joined = await this.#join(inputs, at)
    await this.#evaluate(inputs, joined)
    const writeTime = tenure.next()
    const { epoch } = tenure
    const kept = inputs.flatMap((input) => {
      const more = plan.fixed[input.input] === true ? null : keptMore(input, epoch)
      return more === null ? [] : [inputWrite({ fold: this.#fold, member: input.member, writeTime }, more)]
    })
    signal.throwIfAborted()
    if (kept.length > 0) await store.write(kept)
    const list = new ContributionList(plan.partitions)
    for (const input of inputs) {
      if (plan.fixed[input.input] === true) this.#contributedFixed(input, list)
      else contributed(input, list)
    }
    const records = list.records({ number: activation.number, partition, epoch })
    signal.throwIfAborted()
    if (records.length === 0) return
    await log.append(plan.contributionsTopic, records)
    // Said behind another's fence it counts for nothing: the batch must be repeated, and what is to be taken back be found.
    await this.#tenures.confirm(tenure, signal)
    await this.#forget(inputs, at)
  }

  /** Of a direct fold: nothing is kept of such rows. */
  async #tellRows(touched: readonly Touched[], { tenure, partition, signal }: At): Promise<void> {
    const { log, plan, activation } = this.#options
    const { epoch } = tenure
    const list = new DirectList({ number: activation.number, partition, epoch }, plan.partitions)
    await addRows(this.#options, touched, list)
    const records = list.records()
    signal.throwIfAborted()
    if (records.length === 0) return
    await log.append(plan.contributionsTopic, records)
    await this.#tenures.confirm(tenure, signal)
  }

  async #read(touched: readonly Touched[]): Promise<Contributing[]> {
    const { plan, store, rows: live } = this.#options
    const inputs: Contributing[] = []
    for (const { read, keyText } of touched) {
      const index = plan.compiled.reads[read]?.fold ?? null
      // Rows that are only joined are not folded.
      if (index === null) continue
      const member = memberText(index, keyText)
      inputs.push({ read, input: index, keyText, member, kept: null, row: null, references: EMPTY, groups: NOTHING })
    }
    const moving = inputs.filter(({ input }) => plan.fixed[input] !== true)
    const keys = moving.map(({ member }) => inputKey(this.#fold, member))
    const [kept, found] = await Promise.all([
      keys.length === 0 ? [] : store.read(FOLD_INPUTS.name, keys),
      readRows(live, plan, inputs),
    ])
    moving.forEach((input, at) => (input.kept = keptInput(kept[at]?.row['content'])))
    // What a row contributed that ended stays as it was said.
    return inputs.filter((input, at) => {
      const row = found[at] ?? null
      if (row === ENDED) return false
      input.row = row
      return true
    })
  }

  /** The joined rows that the inputs need. Before one is read, those that use it stand where its changes find them. */
  async #join(inputs: readonly Contributing[], { tenure, signal }: At): Promise<JoinedRows> {
    const { plan, store, rows: live } = this.#options
    const rows = new Map<string, Row | null>()
    const joined: JoinedRows = ({ read, keyText }) => rows.get(joinedText(read, keyText))
    if (!plan.compiled.reads.some((read) => read.joined)) return joined
    for (;;) {
      const wanted = new Map<string, Touched>()
      const writes: Write[] = []
      const writeTime = tenure.next()
      for (const input of inputs) {
        if (input.row === null) continue
        const references = plan.compiled.inputs[input.input]?.references(input.row, joined) ?? []
        for (const { read, keyText } of references) {
          const text = joinedText(read, keyText)
          if (!rows.has(text)) wanted.set(text, { read, keyText })
          if (input.references.has(text)) continue
          if (input.references === EMPTY) input.references = new Set()
          input.references.add(text)
          if (input.kept?.epoch === tenure.epoch && input.kept.references.includes(text)) continue
          writes.push(dependentPut({ fold: this.#fold, member: input.member, writeTime }, text))
        }
      }
      signal.throwIfAborted()
      if (writes.length > 0) await store.write(writes)
      if (wanted.size === 0) return joined
      const found = await readRows(live, plan, [...wanted.values()])
      let at = 0
      for (const text of wanted.keys()) {
        const row = found[at++] ?? null
        rows.set(text, row === ENDED ? null : row)
      }
    }
  }

  async #evaluate(inputs: readonly Contributing[], joined: JoinedRows): Promise<void> {
    const { plan, onFailed } = this.#options
    let evaluated = 0
    for (const input of inputs) {
      // Expressions take their time: whoever else waits for the event loop goes first.
      if ((evaluated += 1) % limits.decodeSliceRecords === 0) await setImmediate()
      if (input.row === null) continue
      const outcome = plan.compiled.inputs[input.input]?.contribute(input.member, input.row, joined)
      if (outcome?.kind === 'failed') onFailed(outcome)
      else if (outcome !== undefined) this.#take(input, outcome.groups)
    }
  }

  #take(input: Contributing, groups: (Contributed & { readonly kind: 'contributed' })['groups']): void {
    const texts: { readonly group: Group; readonly text: string }[] = []
    for (const { group, contributions } of groups.values()) {
      const text = packedText(input.member, contributions)
      if (text.length > limits.foldContributionCharactersMax || group.text.length > limits.foldGroupCharactersMax) {
        const message = `What the row contributes to the group ${group.text.slice(0, 100)} is too large: ${text.length} characters, of a group of ${group.text.length}.`
        this.#options.onFailed({ kind: 'failed', message, expression: 'size' })
        return
      }
      texts.push({ group, text })
    }
    input.groups = new Map(texts.map((each) => [each.group.text, each]))
  }

  /** Whether the row is new to its groups is not known here: the fold looks. */
  #contributedFixed({ input, read, keyText, member, groups }: Contributing, list: ContributionList): void {
    for (const { group, text } of groups.values()) list.add(group, member, { isNew: false, text })
    if (groups.size > 0) return
    const { plan } = this.#options
    const fields = plan.reads[read]?.fieldsOf(keyText) ?? null
    if (fields === null) return
    for (const { text } of plan.compiled.inputs[input]?.possibleGroups(fields) ?? []) list.addNone(text, member)
  }

  /** What rows do not contribute to or use any more, once it is said. */
  async #forget(inputs: readonly Contributing[], { tenure, signal }: At): Promise<void> {
    const { store } = this.#options
    const exact: Write[] = []
    const unused: Write[] = []
    const writeTime = tenure.next()
    for (const input of inputs) {
      const gone = left(input)
      if (gone === null) continue
      const at = { fold: this.#fold, member: input.member, writeTime }
      const references = [...input.references]
      exact.push(inputWrite(at, { epoch: tenure.epoch, groups: [...input.groups.keys()], references }))
      for (const joined of gone.references) unused.push(dependentDelete(at, joined))
    }
    if (exact.length === 0) return
    signal.throwIfAborted()
    await store.write(exact)
    if (unused.length > 0) await store.write(unused)
  }
}

interface At {
  readonly tenure: OwnTenure
  /** Of `<topic>.touched`. */
  readonly partition: number
  readonly signal: AbortSignal
}

const EMPTY: Set<string> = new Set()
const NOTHING: Contributing['groups'] = new Map()
