// From posting a reading to its event at a subscriber, again and again while others measure too.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { invariant } from '../../platform/errors.ts'

const EVERY_MS = 50
/** Readings of before the stream began have no event. */
const WARM_UP_MS = 2_000
const PATIENCE_MS = 60_000
const SENSOR = 'probe'

export interface Probe {
  /** Posts no more, waits for the events that are under way, and gives the latencies in ms. */
  end(): Promise<readonly number[]>
}

export async function startProbe(url: string): Promise<Probe> {
  const sentMs = new Map<string, number>()
  const latenciesMs: number[] = []
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, lazy: false })
  const query = `subscription { readingChanged(sensorId: "${SENSOR}") { at value } }`
  const follow = async (): Promise<void> => {
    for await (const { data } of client.iterate<{ readonly readingChanged: { readonly at: string } }>({ query })) {
      const at = data?.readingChanged.at ?? ''
      const startedMs = sentMs.get(at)
      if (startedMs === undefined) continue
      sentMs.delete(at)
      latenciesMs.push(performance.now() - startedMs)
    }
  }
  const followed = follow()
  const stop = new AbortController()
  const posted = postUntil(stop.signal, `${url}/topics/telemetry.readings`, sentMs)
  await sleep(WARM_UP_MS)
  invariant(latenciesMs.length > 0, 'the subscription tells readings')
  sentMs.clear()
  latenciesMs.length = 0
  let ended: Promise<readonly number[]> | null = null
  const end = async (): Promise<readonly number[]> => {
    stop.abort()
    await posted
    const deadlineMs = performance.now() + PATIENCE_MS
    while (sentMs.size > 0 && performance.now() < deadlineMs) await sleep(20)
    const unseen = sentMs.size
    await client.dispose()
    await followed
    invariant(unseen === 0, `${unseen} readings of the probe were never seen by the subscriber`)
    return latenciesMs
  }
  return { end: () => (ended ??= end()) }
}

async function postUntil(stop: AbortSignal, address: string, sentMs: Map<string, number>): Promise<void> {
  const headers = { 'content-type': 'application/x-ndjson' }
  while (!stop.aborted) {
    const at = new Date().toISOString()
    sentMs.set(at, performance.now())
    const body = JSON.stringify({ sensorId: SENSOR, at, value: 1 })
    const response = await fetch(address, { method: 'POST', headers, body })
    const answer = await response.text()
    invariant(response.status === 200, `HTTP ${response.status}: ${answer}`)
    await sleep(EVERY_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}
