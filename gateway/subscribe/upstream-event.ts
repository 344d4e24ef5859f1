// What a subgraph of ours says beside an event of a stream (`SubscriptionExtension`), and what of it is the clients'.
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { isObject } from '../execute/plain-object.ts'
import type { Place } from './event-queue.ts'
import { isPassing } from './passing-errors.ts'

/** What an upstream answer says: something for the clients, or of the stream itself. */
export type Notice =
  | { readonly kind: 'event'; readonly cursor: string | undefined }
  /** Established; whoever resumes there misses nothing. */
  | { readonly kind: 'started'; readonly cursor: string; readonly positions: readonly number[] | undefined }
  /** A stream that was resumed has come to where new events are. */
  | { readonly kind: 'caughtUp'; readonly cursor: string; readonly positions: readonly number[] }
  /** The rows that were there have all come. */
  | { readonly kind: 'snapshotComplete'; readonly cursor: string }
  /** The subgraph ends the stream for a reason that may pass. */
  | { readonly kind: 'interrupted'; readonly cursor: string; readonly failure: MeshgateError }

export interface Told {
  readonly cursor: string | undefined
  readonly key: string | undefined
  readonly at: Place | undefined
  readonly positions: readonly number[] | undefined
  readonly isRowOfSnapshot: boolean
}

export function toldOf(event: SubgraphResponse): Told {
  const said = saidOf(event) ?? {}
  const { cursor, key, at, positions } = said
  return {
    cursor: typeof cursor === 'string' ? cursor : undefined,
    key: typeof key === 'string' ? key : undefined,
    at: isNumbers(at) && at.length === 2 ? (at as unknown as Place) : undefined,
    positions: isNumbers(positions) ? positions : undefined,
    isRowOfSnapshot: said['snapshot'] === true,
  }
}

export function noticeOf(event: SubgraphResponse, service: string): Notice {
  const said = saidOf(event)
  const { cursor, positions, key } = toldOf(event)
  if (said === null || cursor === undefined) return { kind: 'event', cursor }
  if (said['started'] === true) return { kind: 'started', cursor, positions }
  if (said['caughtUp'] === true && positions !== undefined) return { kind: 'caughtUp', cursor, positions }
  if (said['snapshotComplete'] === true) return { kind: 'snapshotComplete', cursor }
  const { errors } = event
  const isEnding = key === undefined && !isObject(event.data) && Array.isArray(errors) && errors.length > 0
  if (!isEnding || !errors.every(isPassing)) return { kind: 'event', cursor }
  const failure = new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${service}" has ended the stream.`, errors)
  return { kind: 'interrupted', cursor, failure }
}

/** `extensions` of a client's event: nothing where the subgraph is not one of ours. */
export function extensionsFor({ cursor, key, isRowOfSnapshot }: Told): Readonly<Record<string, unknown>> | undefined {
  if (cursor === undefined) return undefined
  return { cursor, ...(key === undefined ? {} : { key }), ...(isRowOfSnapshot ? { snapshot: true } : {}) }
}

function saidOf(event: SubgraphResponse): Readonly<Record<string, unknown>> | null {
  const meshgate = isObject(event) && isObject(event.extensions) ? event.extensions['meshgate'] : undefined
  return isObject(meshgate) ? meshgate : null
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number')
}
