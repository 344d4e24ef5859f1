// What the survival suite needs of a mesh of processes, whatever it stands on.
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { topicNames } from '../../schema/topics.ts'
import { topicContents } from '../faults/topic-contents.ts'
import type { PartitionRecords } from '../faults/oracle.ts'
import { visibleRows } from '../ingest/open-ports.ts'

export interface Contents {
  readonly records: readonly PartitionRecords[]
  readonly changes: readonly PartitionRecords[]
  readonly rows: readonly Row[]
}

export interface SurvivalMesh {
  /** GraphQL addresses, http. */
  readonly gateways: readonly string[]
  /** Where records are posted. */
  readonly ingest: string
  /** By name; each resolves when all that it ended serves again. */
  readonly faults: Readonly<Record<string, () => Promise<void>>>
  /** Once all that was posted has been ingested. */
  contents(): Promise<Contents>
  close(): Promise<void>
}

export async function contentsOf(log: EventLog, store: Store, topic: string): Promise<Contents> {
  return {
    records: await topicContents(log, topic),
    changes: await topicContents(log, topicNames.changes(topic)),
    rows: await visibleRows(store, 'items'),
  }
}
