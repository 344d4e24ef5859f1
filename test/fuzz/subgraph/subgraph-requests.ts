// Well-behaved clients of a gateway whose subgraphs are hostile to them: their requests carry the seed by which the subgraphs answer.
import { pick, type Random } from '../choices.ts'
import { valid } from '../documents/hostile-document.ts'
import type { Exchange } from '../exchange.ts'
import { post } from '../http/http-requests.ts'
import type { StreamSource } from '../http/stream-requests.ts'
import { frame } from '../socket/frames.ts'
import { upgrade } from '../socket/socket-sessions.ts'
import { SEED_HEADER } from './serve-mesh.ts'

const JSON_TYPE = 'content-type: application/json'

export function askOfHostileSubgraphs(source: StreamSource, seed: number, random: Random): Exchange {
  const carried = `${SEED_HEADER}: ${seed}`
  if (random() < 0.6) {
    const body = JSON.stringify(valid(source, random))
    return { kind: 'query of hostile subgraphs', chunks: [post(body, [carried, JSON_TYPE, 'connection: close'])] }
  }
  const query = JSON.stringify(pick(source.subscriptions, random))
  const ends = pick(['waits', 'waits', 'resets'] as const, random)
  if (random() < 0.5) {
    const lines = [carried, JSON_TYPE, 'accept: text/event-stream']
    return { kind: 'stream of hostile subgraphs', chunks: [post(`{"query":${query}}`, lines)], ends }
  }
  const subscribe = frame(`{"type":"subscribe","id":"1","payload":{"query":${query}}}`)
  const chunks = [upgrade('/graphql', [carried]), frame('{"type":"connection_init"}')]
  return {
    kind: 'socket of hostile subgraphs',
    opening: { chunks, until: 'connection_ack' },
    chunks: [subscribe],
    ends,
  }
}
