// The one registry of error codes, and the error that carries one. `docs/errors.md` is generated from it.
// Expected outcomes (a rejected record, a product's diagnostics) are values, not these errors; their codes stand here all the same.
import { DIAGNOSTIC_CODES } from '../schema/diagnostic-codes.ts'
import { IDENTITY_CODES } from './identity-codes.ts'
import { RECORD_CODES } from '../schema/record-codes.ts'
import type { CodeEntry } from './code-entry.ts'
import { REQUEST_CODES } from './request-codes.ts'

const FAILURE_CODES = {
  INTERNAL: { meaning: 'A bug of Meshgate.', action: 'Look for the id in the log and report it.', retryable: false },
  CONFIG_INVALID: {
    meaning: 'A setting has a value that cannot be used.',
    action: 'Set the named setting as the message says.',
    retryable: false,
  },
  PORT_IN_USE: {
    meaning: 'Another process listens on the port.',
    action: 'End it or set PORT to another.',
    retryable: false,
  },
  ROLE_NOT_READY: {
    meaning: 'A process listens already and has not started its work, or waits for its servers.',
    action: 'Retry with backoff; `/health/ready` of the process has the reasons.',
    retryable: true,
  },
  SERVICE_TOOL_MISSING: {
    meaning: 'Java or Maven, which `npm run services` needs for real servers, is not installed or too old.',
    action: 'Install what the message names.',
    retryable: false,
  },
  SERVICE_JARS_UNAVAILABLE: {
    meaning: 'Maven cannot get the jars of Kafka or Cassandra.',
    action: "Check the network or the mirrors in Maven's settings, and start again.",
    retryable: true,
  },
  SERVICE_FAILED: {
    meaning: 'Kafka or Cassandra, started by `npm run services`, ended while it started or did not answer in time.',
    action: 'See the end of its log in the message.',
    retryable: true,
  },
  DATA_DIR_LOCKED: {
    meaning: 'Another Meshgate process uses the data directory.',
    action: 'End it or set MESHGATE_DATA_DIR to another.',
    retryable: false,
  },
  DATA_DIR_UNUSABLE: {
    meaning: 'The data directory cannot be made, read or written.',
    action: 'Mend what the message names, or set MESHGATE_DATA_DIR to another.',
    retryable: false,
  },
  DISK_FULL: {
    meaning: 'A file cannot be written: no space.',
    action: 'Free space and start again; nothing accepted is lost.',
    retryable: true,
  },
  LOAD_REFUSED: {
    meaning: 'The process that holds the data directory does not take the records of a load.',
    action: 'See its answer in the message; nothing after the refused batch was sent.',
    retryable: true,
  },
  REPLAY_INVALID: {
    meaning: 'A replay is asked for from something that is no start, or of what the product does not have.',
    action: 'Write what the message says.',
    retryable: false,
  },
  REPLAY_RANGE_GONE: {
    meaning: 'Retention has dropped records that a replay would read.',
    action: 'Name a later start, or earliest for all that is left.',
    retryable: false,
  },
  REPLAY_RUNNING: {
    meaning: 'A replay of the product runs already.',
    action: 'Wait for its end; GET /ingest shows how far it is.',
    retryable: true,
  },
  FILE_UNREADABLE: { meaning: 'A file cannot be read.', action: 'Check path and permissions.', retryable: false },
  LOG_TOPIC_UNKNOWN: {
    meaning: 'No topic has that name.',
    action: 'Check the name; create it first.',
    retryable: false,
  },
  LOG_TOPIC_MISMATCH: {
    meaning: 'A topic exists with another number of partitions.',
    action: 'Keep the number, or publish under a new topic and replay.',
    retryable: false,
  },
  LOG_OFFSET_OUT_OF_RANGE: {
    meaning: 'The offset is older than the retention or beyond the end.',
    action: 'Start anew from the earliest offset, knowing that what lies between is lost to this reader.',
    retryable: false,
  },
  LOG_PARTITION_NOT_HELD: {
    meaning: 'Another member of the consumer group has the partition.',
    action: 'Ask the member that has it.',
    retryable: true,
  },
  LOG_RECORD_TOO_LARGE: { meaning: 'A record exceeds the limit.', action: 'Send smaller records.', retryable: false },
  LOG_DISK_FULL: {
    meaning: 'The log cannot be written: no space.',
    action: 'Free space; appends go on by themselves.',
    retryable: true,
  },
  LOG_UNAVAILABLE: { meaning: 'The log cannot be reached or written.', action: 'Retry with backoff.', retryable: true },
  LOG_ACCESS_DENIED: {
    meaning: 'The log refuses our user, or what it asks for.',
    action: 'Check user and password; grant what the message names.',
    retryable: false,
  },
  LOG_GROUP_REFUSED: {
    meaning: 'The log does not let this process into a consumer group.',
    action: 'See the message: members of another kind in the group, or limits of the brokers.',
    retryable: false,
  },
  LOG_CORRUPT: {
    meaning: 'A segment is damaged before its tail.',
    action: 'Restore the named file from a backup or a replica.',
    retryable: false,
  },
  HANDLER_STUCK: {
    meaning: 'A handler of records did not end while its consumer closed.',
    action: 'Nothing at once: its records are delivered again. Find what it waited for.',
    retryable: true,
  },
  LOG_CLOSED: { meaning: 'The log has been closed.', action: 'Nothing: the process is stopping.', retryable: false },
  STORE_MIGRATION_REFUSED: {
    meaning: 'The tables asked for would lose or reinterpret data.',
    action: 'Add a table under a new name and replay into it.',
    retryable: false,
  },
  TABLES_REFUSED: {
    meaning: "New tables cannot be built beside a product's live ones, or not now.",
    action: 'Do as the message says.',
    retryable: false,
  },
  TABLE_FILLING: {
    meaning: 'A table that a newer version of a product added does not hold every row yet.',
    action: 'Ask again later; other fields are answered. GET /ingest shows how far it is.',
    retryable: true,
  },
  PRODUCT_SUPERSEDED: {
    meaning: 'A newer version of the product is ingested, whose tables this process does not know.',
    action: 'Start this process with that version. It has left the records to others.',
    retryable: false,
  },
  STORE_MISMATCH: {
    meaning: "The records of a topic are ingested into another store than this process's.",
    action: 'Set the keyspace that the message names, or give each mesh a Kafka of its own.',
    retryable: false,
  },
  STORE_TABLE_UNKNOWN: { meaning: 'No table has that name.', action: 'Migrate first.', retryable: false },
  STORE_ROW_INVALID: {
    meaning: 'A row lacks a key column or has a value of another type.',
    action: 'Mend the caller.',
    retryable: false,
  },
  STORE_ACCESS_DENIED: {
    meaning: 'The store refuses our user, or what it asks for.',
    action: 'Check user and password; grant what the message names.',
    retryable: false,
  },
  STORE_UNAVAILABLE: {
    meaning: 'The store cannot be reached or written.',
    action: 'Retry with backoff.',
    retryable: true,
  },
  STORE_OVERLOADED: { meaning: 'More waits than the limit allows.', action: 'Retry with backoff.', retryable: true },
  STORE_DISK_FULL: {
    meaning: 'The store cannot be written: no space.',
    action: 'Free space; writes go on by themselves.',
    retryable: true,
  },
  STORE_CLOSED: {
    meaning: 'The store has been closed.',
    action: 'Nothing: the process is stopping.',
    retryable: false,
  },
  STORE_REQUEST_INVALID: {
    meaning: 'A read asks for more than a limit allows, or for what its table cannot serve.',
    action: 'Mend the caller.',
    retryable: false,
  },
  STORE_CORRUPT: {
    meaning: 'A file of the store is damaged.',
    action: "Restore it from a backup, or remove the store's directory and replay the topics.",
    retryable: false,
  },
  SUBGRAPH_UNAVAILABLE: {
    meaning: 'A subgraph cannot be reached or answered with an error status.',
    action: 'Retry; see its health.',
    retryable: true,
  },
  SUBGRAPH_TIMEOUT: {
    meaning: 'A subgraph did not answer in time.',
    action: 'Retry; see its health.',
    retryable: true,
  },
  SUBGRAPH_PROTOCOL: {
    meaning: 'A subgraph answered something that is no GraphQL response.',
    action: 'Mend the subgraph.',
    retryable: false,
  },
  SUBGRAPH_REFUSED: { meaning: 'A subgraph refused a subscription.', action: 'See the cause.', retryable: false },
  SOURCE_INVALID: {
    meaning: 'A file to load is not CSV, NDJSON or gzip as it should be.',
    action: 'Mend the file at the place named.',
    retryable: false,
  },
  PRODUCT_CHANGE_REFUSED: {
    meaning: 'A new version of a product does not go with the rows that its old version wrote.',
    action: 'Change the product as the message says, or let it have new tables and replay it.',
    retryable: false,
  },
  FOLD_INPUT_MISSING: {
    meaning: 'A derived product is to be ingested, and a product that it is made from was not given.',
    action: 'Give the product that the message names too, in a version that has the entity.',
    retryable: false,
  },
  FOLD_FUNCTIONS_MISSING: {
    meaning:
      'A derived product names a function, and there is no `folds.ts` beside its file, or none of that name in it.',
    action: 'Export it as the message says: `export const folds: FoldFunctions = { … }`.',
    retryable: false,
  },
  FOLD_SUPERSEDED: {
    meaning: 'Another process has taken over a partition of a fold, or works by another definition of it.',
    action: 'Nothing where processes change over; else start this one with the definition that is worked by.',
    retryable: true,
  },
  FOLD_GROUP_TOO_LARGE: {
    meaning: 'A group of a derived product has more contributions than a process may go over at once.',
    action: 'Group by more, or use functions that can take back what they added.',
    retryable: false,
  },
  INGEST_TOPIC_DERIVED: {
    meaning: 'Records were sent to the topic of a derived product, whose records only its fold makes.',
    action: 'Send records to the products that it is made from.',
    retryable: false,
  },
  INGEST_REQUEST_INVALID: {
    meaning: 'The body of a POST to a topic is not in the form that its content type says.',
    action: 'Mend what the message names.',
    retryable: false,
  },
  INGEST_REQUEST_UNSUPPORTED: {
    meaning: 'The content type, encoding or method of a request to a topic is not supported.',
    action: 'Use one that the message names.',
    retryable: false,
  },
  INGEST_REQUEST_TOO_LARGE: {
    meaning: 'The body of a POST to a topic, or one record in it, exceeds the limit.',
    action: 'Send fewer or smaller records at once.',
    retryable: false,
  },
  INGEST_OVERLOADED: {
    meaning: 'More requests to topics wait for the log than the limit allows; nothing of this one was taken.',
    action: 'Send it again after the time of Retry-After.',
    retryable: true,
  },
  INGEST_BEHIND: {
    meaning: 'More records of the topic wait to be ingested than the limit allows; nothing of this request was taken.',
    action: 'Send it again after the time of Retry-After. If it stays so, see GET /ingest for what ingest waits for.',
    retryable: true,
  },
  COMPOSITION_FAILED: {
    meaning: 'The subgraphs do not compose.',
    action: 'Mend what each line names.',
    retryable: false,
  },
  ARGUMENT_INVALID: {
    meaning: 'An argument or a key of a query has a value that cannot be used.',
    action: 'Send what the message says.',
    retryable: false,
  },
  CURSOR_INVALID: {
    meaning: 'A cursor is not one of this list or subscription, was altered, or was sealed with another key.',
    action: 'Start without a cursor; use a cursor only with the field and arguments that it came from.',
    retryable: false,
  },
  ROW_INCOMPLETE: {
    meaning: 'A row has no value for a field that may not be null.',
    action: 'Send the record again with the value, or declare the field nullable.',
    retryable: false,
  },
  SUBSCRIPTION_GAP: {
    meaning: 'The changes after the cursor are older than the retention: some are lost to this subscriber.',
    action: 'Subscribe without a cursor, with `snapshot: true` where the current state is wanted.',
    retryable: false,
  },
  SNAPSHOT_NOT_SERVED: {
    meaning: 'A subscription asks for a snapshot, and no table of the product serves its rows.',
    action: 'Give the arguments that the message names, or have the product declare the table or the scan.',
    retryable: false,
  },
  SUBSCRIPTION_OVERFLOW: {
    meaning: 'The subscriber took events more slowly than they came, and its queue is full.',
    action: 'Subscribe again with the cursor of the error: nothing is lost.',
    retryable: true,
  },
  REQUEST_TOO_LARGE: {
    meaning: 'The body of a request exceeds the limit.',
    action: 'Send less at once.',
    retryable: false,
  },
  SUBGRAPH_ERROR: {
    meaning: 'A subgraph answered a field with an error.',
    action: 'See the message and `subgraphCode`; the subgraph named in `service` has the rest in its log.',
    retryable: false,
  },
  ...REQUEST_CODES,
  ...IDENTITY_CODES,
  RESPONSE_INVALID: {
    meaning: 'A subgraph answered a field with null or a value that its type forbids.',
    action: 'Mend the subgraph.',
    retryable: false,
  },
  SUBSCRIPTION_LOST: {
    meaning: 'The stream behind a subscription was lost.',
    action: 'Subscribe again, with the cursor of the last event where there is one.',
    retryable: true,
  },
  SUPERGRAPH_UNAVAILABLE: {
    meaning: 'The supergraph cannot be read from its URL.',
    action: 'Read the message. A gateway that serves goes on with the one it has, and asks again.',
    retryable: true,
  },
  SUBSCRIPTION_SLOW: {
    meaning: 'A client read its events slower than they came and its queue is full.',
    action: 'Subscribe again with the cursor that the error carries, and read faster.',
    retryable: true,
  },
  SUBSCRIPTION_RECONNECT: {
    meaning: 'The gateway is stopping.',
    action: 'Subscribe again, with the cursor of the last event where there is one.',
    retryable: true,
  },
  SUBSCRIPTION_REPLACED: {
    meaning: 'A new supergraph does not have what a subscription asks, or cannot plan it.',
    action: 'See the message for why; subscribe with an operation that the schema of now has.',
    retryable: false,
  },
  RESUME_UNSUPPORTED: {
    meaning: 'The stream of a subgraph that gives no cursors was lost, or was asked to go on from one.',
    action: 'Subscribe again without a cursor; what happened in between is not repeated: query it.',
    retryable: false,
  },
} as const satisfies Record<string, CodeEntry>

/** Every code with its meaning, action and retryability. */
export const ERROR_CODES = { ...FAILURE_CODES, ...DIAGNOSTIC_CODES, ...RECORD_CODES }

export type FailureCode = keyof typeof FAILURE_CODES

/** A failed operation. The message names what, where, and what to do. */
export class MeshgateError extends Error {
  readonly code: FailureCode
  readonly retryable: boolean

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MeshgateError'
    this.code = code
    this.retryable = FAILURE_CODES[code].retryable
  }
}

/** A condition that only a bug of ours can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new MeshgateError('INTERNAL', `Invariant broken: ${message}`)
}
