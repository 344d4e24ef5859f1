// A rejected record as it is appended to its source topic again: in the partition of the original, with what that was in its headers.
import type { AppendRecord, EventLog } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { AppendClock } from '../append-clock.ts'
import { ORIGIN_HEADERS, REDRIVE_HEADERS } from '../source-position.ts'
import type { Redrive } from './redrive-facts.ts'
import type { RejectedContent } from './rejected-content.ts'
import { fitsLog } from './rejected-record.ts'
import type { Attempt, Rejection } from './rejection.ts'

export interface Redriven {
  readonly append: AppendRecord
  /** Its append time is not known exactly. */
  readonly approximate: boolean
}

/** Null where the log would not take it. */
export async function redrivenRecord(
  { log, topic, compacted }: { readonly log: EventLog; readonly topic: string; readonly compacted: boolean },
  redrive: Redrive,
  content: RejectedContent,
): Promise<Redriven | null> {
  const { rejection, key, value } = content
  const time = await appendTimeOf(log, topic, rejection)
  const headers: Record<string, string> = {
    ...content.headers,
    [REDRIVE_HEADERS.id]: redrive.id,
    [REDRIVE_HEADERS.generation]: String(redrive.generation),
    [REDRIVE_HEADERS.attempts]: JSON.stringify(attemptsOf(rejection)),
    [ORIGIN_HEADERS.position]: rejection.source,
    [ORIGIN_HEADERS.appendTime]: String(time.us),
  }
  // Compaction keeps the last of a key: this one must not be taken for it, nor push out what came later.
  const ownKey = compacted && key !== null
  if (ownKey) headers[ORIGIN_HEADERS.key] = Buffer.from(key).toString('base64')
  const append = {
    key: ownKey ? Buffer.from(`redriven ${rejection.source}`) : key,
    value,
    headers,
    partition: rejection.sourcePartition,
  }
  const fitting = [append, { ...append, headers: { ...headers, [REDRIVE_HEADERS.attempts]: '[]' } }].find(fitsLog)
  return fitting === undefined ? null : { append: fitting, approximate: !time.exact }
}

/** The times before and this one, as many as are kept. */
function attemptsOf({ attempts, violations, rejectedUs }: Rejection): readonly Attempt[] {
  const [first] = violations
  const last: Attempt = {
    at: new Date(rejectedUs / 1_000).toISOString(),
    code: first?.code ?? 'RECORD_UNPARSABLE',
    field: first?.field ?? null,
    check: first?.checkId ?? null,
    message: (first?.message ?? '').slice(0, limits.redriveAttemptCharactersMax),
  }
  return [...attempts, last].slice(-limits.redriveAttemptsMax)
}

// Records that were rejected before their append time was kept: the original still has it while the topic has the original, and else the
// time of the rejection is the nearest that is known.
async function appendTimeOf(
  log: EventLog,
  topic: string,
  { appendedUs, rejectedUs, sourcePartition: partition, sourceOffset: offset }: Rejection,
): Promise<{ readonly us: number; readonly exact: boolean }> {
  if (appendedUs !== null) return { us: appendedUs, exact: true }
  const range = (await log.offsets(topic)).find((one) => one.partition === partition)
  if (range !== undefined && offset >= range.earliest && offset < range.next) {
    const [original] = await log.read({ topic, partition, offset }, 1)
    if (original?.offset === offset) {
      const batch = { topic, partition, records: [original] }
      const timed = log.timestampResolutionUs === 1 ? batch : await new AppendClock(log, topic).exact(batch)
      return { us: timed.records[0]?.timestampUs ?? original.timestampUs, exact: true }
    }
  }
  return { us: rejectedUs, exact: false }
}
