// One input of the fuzzer: what a seed stands for at a target.
import { seededRandom } from '../seeded-random.ts'
import { pick } from './choices.ts'
import type { Exchange } from './exchange.ts'
import { hostileHttp, post } from './http/http-requests.ts'
import { requestOf } from './http/request-bodies.ts'
import { hostileStream } from './http/stream-requests.ts'
import { hostileRecords } from './records/ingest-requests.ts'
import { hostileSocket } from './socket/socket-sessions.ts'
import { askOfHostileSubgraphs } from './subgraph/subgraph-requests.ts'
import type { Surface, Target } from './targets/target.ts'

export interface Input {
  readonly seed: number
  readonly surface: Surface
  readonly exchange: Exchange
  readonly port: number
}

export function inputOf(seed: number, target: Target, only?: Surface): Input {
  const random = seededRandom(seed)
  const drawn = pick(target.surfaces, random)
  const surface = only ?? drawn
  const port = surface === 'records' ? target.recordsPort : target.port
  return { seed, surface, port, exchange: exchangeOf(surface) }

  function exchangeOf(of: Surface): Exchange {
    const { source, records } = target
    switch (of) {
      case 'http':
        return hostileHttp(source, random)
      case 'socket':
        return hostileSocket(source, random)
      case 'stream':
        return hostileStream(source, random)
      case 'subgraphs':
        return askOfHostileSubgraphs(source, seed, random)
      case 'records':
        return hostileRecords(records, random)
      case 'documents': {
        const lines = ['content-type: application/json', 'connection: close']
        return { kind: 'document', chunks: [post(requestOf(source, random), lines)] }
      }
    }
  }
}
