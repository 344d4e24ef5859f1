// An unlogged batch of prepared statements as one piece of bytes. The driver's own way looks every statement up by a hash of its text and takes two
// buffers for every value: a fifth of what ingest spent on a record. All else (nodes, repeats, preparing again) stays the driver's.
import type { Client, ExecutionOptions, QueryOptions } from 'cassandra-driver'
import { DefaultExecutionOptions } from 'cassandra-driver/lib/execution-options.js'
import PrepareHandler from 'cassandra-driver/lib/prepare-handler.js'
import RequestHandler from 'cassandra-driver/lib/request-handler.js'
import { BatchRequest, type Encoder } from 'cassandra-driver/lib/requests.js'
import { invariant } from '../../errors.ts'
import { FrameBytes } from './frame-bytes.ts'

/** A prepared statement's text and its values as toCql makes them. */
export interface Statement {
  readonly query: string
  readonly params: readonly unknown[]
}

/** By the text of the statement. */
type PreparedStatements = ReadonlyMap<string, PrepareHandler.Prepared>

export async function sendBatch(
  driver: Client,
  statements: readonly Statement[],
  queryOptions: QueryOptions,
): Promise<void> {
  await driver.connect()
  const options = DefaultExecutionOptions.create({ ...queryOptions, logged: false }, driver)
  const prepared = new Map<string, PrepareHandler.Prepared>()
  for (const { query } of statements) {
    if (prepared.has(query)) continue
    const policy = options.getLoadBalancingPolicy()
    prepared.set(query, await PrepareHandler.getPrepared(driver, policy, query, driver.keyspace))
  }
  await RequestHandler.send(new EncodedBatch(statements, prepared, options), options, driver)
}

const OPCODE_BATCH = 0x0d
const HEADER_BYTES = 9
const LENGTH_AT = 5
/** They have four bytes of flags. */
const DSE_VERSIONS = 0x40
const UNLOGGED = 1
const PREPARED = 1

export class EncodedBatch extends BatchRequest {
  readonly #statements: readonly Statement[]
  readonly #prepared: PreparedStatements

  constructor(statements: readonly Statement[], prepared: PreparedStatements, options: ExecutionOptions) {
    super(statements, options)
    this.#statements = statements
    this.#prepared = prepared
  }

  // Grammar (native protocol 4): version, flags, stream int16, opcode, length int32; kind of batch, n int16, the statements, consistency int16, flags.
  // A statement: 1, its id with an int16 of length, n int16, each value with an int32 of length, -1 for null, -2 for unset.
  override write(encoder: Encoder, streamId: number): Buffer {
    const { protocolVersion } = encoder
    const frame = new FrameBytes(encoder)
    frame.byte(protocolVersion)
    frame.byte(0)
    frame.int16(streamId)
    frame.byte(OPCODE_BATCH)
    frame.int32(0)
    frame.byte(UNLOGGED)
    frame.int16(this.#statements.length)
    for (const { query, params } of this.#statements) {
      const prepared = this.#prepared.get(query)
      invariant(prepared !== undefined, 'every statement of a batch is prepared')
      frame.byte(PREPARED)
      frame.int16(prepared.queryId.length)
      frame.append(prepared.queryId)
      frame.int16(params.length)
      const { columns } = prepared.meta
      for (const [index, param] of params.entries()) frame.value(param, columns[index]?.type)
    }
    frame.int16(this.options.getConsistency())
    if (protocolVersion >= DSE_VERSIONS) frame.int32(0)
    else frame.byte(0)
    const bytes = frame.take()
    this.length = bytes.length - HEADER_BYTES
    bytes.writeInt32BE(this.length, LENGTH_AT)
    return bytes
  }

  override clone(): EncodedBatch {
    return new EncodedBatch(this.#statements, this.#prepared, this.options)
  }
}
