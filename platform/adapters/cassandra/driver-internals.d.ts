// The parts of cassandra-driver 4.10.0 (pinned) that we use and that it does not type: how a batch gets on its way.
// What is used and why: docs/decisions/adaptive-writes.md.

declare module 'cassandra-driver/lib/execution-options.js' {
  import type { Client, ExecutionOptions, QueryOptions } from 'cassandra-driver'

  class DefaultExecutionOptions {
    static create(options: QueryOptions, client: Client): ExecutionOptions
  }
}

declare module 'cassandra-driver/lib/prepare-handler.js' {
  import type { Client, policies } from 'cassandra-driver'

  class PrepareHandler {
    static getPrepared(
      client: Client,
      loadBalancing: policies.loadBalancing.LoadBalancingPolicy,
      query: string,
      keyspace: string | undefined,
    ): Promise<PrepareHandler.Prepared>
  }

  namespace PrepareHandler {
    interface Prepared {
      readonly queryId: Buffer
      readonly meta: { readonly columns: readonly { readonly type: ColumnType }[] }
    }

    interface ColumnType {
      /** One of `types.dataTypes`. */
      readonly code: number
    }
  }

  export = PrepareHandler
}

declare module 'cassandra-driver/lib/requests.js' {
  import type { ExecutionOptions } from 'cassandra-driver'

  class BatchRequest {
    constructor(queries: readonly object[], options: ExecutionOptions)
    readonly options: ExecutionOptions
    /** Bytes of the body. */
    length: number
    /** The whole frame. Asked for anew whenever the request is sent. */
    write(encoder: Encoder, streamId: number): Buffer
    clone(): BatchRequest
  }

  interface Encoder {
    readonly protocolVersion: number
    encode(value: unknown, type: { readonly code: number } | undefined): Buffer
  }
}

declare module 'cassandra-driver/lib/request-handler.js' {
  import type { Client, ExecutionOptions, types } from 'cassandra-driver'
  import type { BatchRequest } from 'cassandra-driver/lib/requests.js'

  class RequestHandler {
    static send(request: BatchRequest, options: ExecutionOptions, client: Client): Promise<types.ResultSet>
  }

  export = RequestHandler
}
