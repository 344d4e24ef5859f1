// One subgraph on a port of its own, quick enough never to be what is measured: a body that was seen before is answered with the bytes that
// it was answered with then; any other is validated and executed by graphql-js. Answers do not depend on headers, so that is right.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { execute, parse, validate, type ExecutionResult, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql'
import { MessageReader, type Message } from '../wire/message-reader.ts'

/** Answers kept; a run asks some ten thousand different ones. */
const ANSWERS_MAX = 50_000
const ANSWERS_BYTES_MAX = 536_870_912

export interface SubgraphBehaviour {
  /** 0: none. */
  readonly latencyMs: number
  /** Requests without a token of the bench's are refused: a gateway that does not forward it gives wrong answers. */
  readonly requireAuthorization: boolean
}

export interface SubgraphCounters {
  readonly requests: number
  readonly requestBytes: number
  /** Bodies seen for the first time. */
  readonly unknown: number
  readonly refused: number
}

export interface BenchSubgraph {
  readonly port: number
  behave(behaviour: SubgraphBehaviour): void
  /** Since the last time. */
  takeCounters(): SubgraphCounters
  close(): Promise<void>
}

export interface SubgraphDefinition {
  readonly schema: GraphQLSchema
  readonly fieldResolver?: GraphQLFieldResolver<unknown, unknown>
}

const REFUSED = responseOf(JSON.stringify({ errors: [{ message: 'The request has no authorization.' }] }))
const NO_COUNTERS: SubgraphCounters = { requests: 0, requestBytes: 0, unknown: 0, refused: 0 }

export async function startSubgraph(definition: SubgraphDefinition): Promise<BenchSubgraph> {
  const answers = new Map<string, Buffer>()
  let answersBytes = 0
  let behaviour: SubgraphBehaviour = { latencyMs: 0, requireAuthorization: false }
  let counters = { ...NO_COUNTERS }
  const answer = ({ head, body }: Message): Buffer | Promise<Buffer> => {
    counters.requests += 1
    counters.requestBytes += body.length
    if (behaviour.requireAuthorization && !/\nauthorization: *bearer bench-/i.test(head)) {
      counters.refused += 1
      return REFUSED
    }
    const key = body.toString('latin1', 0, body.length)
    const known = answers.get(key)
    if (known !== undefined) return known
    counters.unknown += 1
    return remember(key, body)
  }
  const remember = async (key: string, body: Buffer): Promise<Buffer> => {
    const response = responseOf(JSON.stringify(await executeBody(body, definition)))
    if (answers.size >= ANSWERS_MAX || answersBytes > ANSWERS_BYTES_MAX) {
      answers.clear()
      answersBytes = 0
    }
    answers.set(key, response)
    answersBytes += response.length + key.length
    return response
  }
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    // Clients of HTTP/1.1 wait for an answer before they send the next request, so that none overtakes another.
    const send = (response: Buffer): void => {
      if (behaviour.latencyMs === 0) socket.write(response)
      else setTimeout(() => socket.write(response), behaviour.latencyMs)
    }
    const reader = new MessageReader((message) => {
      const response = answer(message)
      if (response instanceof Promise) void response.then(send)
      else send(response)
    })
    socket.on('data', (data: Buffer) => reader.push(data))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    port: await listen(server),
    behave: (next) => (behaviour = next),
    takeCounters: () => {
      const taken = counters
      counters = { ...NO_COUNTERS }
      return taken
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function executeBody(body: Buffer, { schema, fieldResolver }: SubgraphDefinition): Promise<ExecutionResult> {
  const { query, variables, operationName } = JSON.parse(body.toString()) as {
    query: string
    variables?: Record<string, unknown>
    operationName?: string
  }
  const document = parse(query)
  const errors = validate(schema, document)
  if (errors.length > 0) return { errors }
  return execute({
    schema,
    document,
    variableValues: variables ?? null,
    operationName: operationName ?? null,
    fieldResolver: fieldResolver ?? null,
  })
}

function responseOf(body: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
