// What is durably known of redrives, in the compacted topic `mesh.redrives`: each redrive, which is its audit record, and marks of the
// records that it has appended. A record of the topic is one fact; the offset of a redrive's first fact makes its generation, so that
// redrives have an order and a number of their own wherever they are asked for.
import type { EventLog } from '../../platform/ports/event-log.ts'
import { putValue, REDRIVES_TOPIC } from '../internal-topics.ts'
import type { RejectedFilter } from './rejected-filter.ts'

export interface RedriveRequest {
  readonly id: string
  /** `domain/name`, and its version as it was redriven to. */
  readonly product: string
  readonly productVersion: string
  readonly filter: RejectedFilter
  readonly reason: string | null
  readonly user: string
  readonly host: string
  /** ISO time. */
  readonly requestedAt: string
  /** By source topic: where its rejected records ended, per partition. Later ones are not meant. */
  readonly until: Readonly<Record<string, readonly number[]>>
}

export interface RedriveCounts {
  /** Records appended again. */
  readonly redriven: number
  /** Stay rejected: too large with what a redrive adds, or a part of them is missing. */
  readonly left: number
  /** Of the redriven: append times that are not known exactly. */
  readonly approximate: number
}

export interface Redrive extends RedriveRequest {
  /** Of its records: greater than those of all redrives before. */
  readonly generation: number
  /** Null while it is under way, or was interrupted: the next one of the product finishes it first. */
  readonly finished: (RedriveCounts & { readonly at: string }) | null
}

/** Records that a redrive has appended, by partition of the source topic. */
interface Mark {
  readonly redrive: string
  readonly topic: string
  readonly partition: number
  readonly generation: number
  /** Offsets, each as its distance from the one before. */
  readonly steps: readonly number[]
}

/** The generation that a record of the topic was redriven in last; 0 for never. */
export type RedrivenIn = (partition: number, offset: number) => number

export interface RedriveFacts {
  /** In their order. */
  readonly redrives: readonly Redrive[]
  readonly redrivenIn: (topic: string) => RedrivenIn
  /** Records that a redrive has appended and marked. */
  readonly marked: (id: string) => number
}

type Fact = { readonly redrive: Redrive | RedriveRequest } | { readonly mark: Mark }

/** Durable when it resolves. */
export async function putRequest(log: EventLog, request: RedriveRequest): Promise<Redrive> {
  const fact: Fact = { redrive: request }
  const position = await putValue(log, REDRIVES_TOPIC, request.id, fact)
  return { ...request, generation: generationAt(position.offset), finished: null }
}

export async function putFinished(log: EventLog, redrive: Redrive): Promise<void> {
  const fact: Fact = { redrive }
  await putValue(log, REDRIVES_TOPIC, redrive.id, fact)
}

/** `offsets` ascend. */
export async function putMark(
  log: EventLog,
  { id, generation }: Redrive,
  at: { readonly topic: string; readonly partition: number },
  offsets: readonly number[],
): Promise<void> {
  const [first] = offsets
  if (first === undefined) return
  const steps = offsets.map((offset, index) => offset - (offsets[index - 1] ?? 0))
  const fact: Fact = { mark: { redrive: id, ...at, generation, steps } }
  await putValue(log, REDRIVES_TOPIC, `${id}:${at.topic}:${at.partition}:${first}`, fact)
}

export async function readFacts(log: EventLog): Promise<RedriveFacts> {
  const redrives = new Map<string, Redrive>()
  const redriven = new Map<string, Map<number, number>>()
  const marked = new Map<string, number>()
  const [range] = await log.offsets(REDRIVES_TOPIC)
  for (let offset = range?.earliest ?? 0; range !== undefined && offset < range.next;) {
    const records = await log.read({ topic: REDRIVES_TOPIC, partition: 0, offset }, 1_000)
    const last = records.at(-1)
    if (last === undefined) break
    for (const record of records) {
      const fact = JSON.parse(Buffer.from(record.value ?? '{}').toString()) as Fact
      if ('mark' in fact) {
        const { mark } = fact
        addMark(redriven, mark)
        marked.set(mark.redrive, (marked.get(mark.redrive) ?? 0) + mark.steps.length)
      }
      if ('redrive' in fact) addRedrive(redrives, fact.redrive, record.offset)
    }
    offset = last.offset + 1
  }
  return {
    redrives: [...redrives.values()].toSorted((left, right) => left.generation - right.generation),
    redrivenIn: (topic) => (partition, offset) => redriven.get(`${topic}:${partition}`)?.get(offset) ?? 0,
    marked: (id) => marked.get(id) ?? 0,
  }
}

function addRedrive(redrives: Map<string, Redrive>, redrive: Redrive | RedriveRequest, offset: number): void {
  if ('generation' in redrive) redrives.set(redrive.id, redrive)
  // Appended twice by a log that lost its answer: the first counts.
  else if (!redrives.has(redrive.id))
    redrives.set(redrive.id, { ...redrive, generation: generationAt(offset), finished: null })
}

/** Each redrive its own, the later the greater. That of a replay is counted apart (replay/raise-generation.ts). */
function generationAt(offset: number): number {
  return offset + 1
}

function addMark(redriven: Map<string, Map<number, number>>, { topic, partition, generation, steps }: Mark): void {
  const key = `${topic}:${partition}`
  const offsets = redriven.get(key) ?? new Map<number, number>()
  redriven.set(key, offsets)
  let offset = 0
  for (const step of steps) {
    offset += step
    offsets.set(offset, Math.max(generation, offsets.get(offset) ?? 0))
  }
}
