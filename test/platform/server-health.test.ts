// Whether servers can be reached: told once per change, and at intervals while they stay away.
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { awaitServer, retryWhileAway } from '../../platform/await-server.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { ServerHealth } from '../../platform/telemetry/server-health.ts'
import { watchServers } from '../../platform/telemetry/server-watch.ts'
import { ManualClock } from '../manual-clock.ts'

const AWAY = new MeshgateError('LOG_UNAVAILABLE', 'no broker answers')

function fixture() {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5))
  const lines: string[] = []
  const logger = createLogger({
    level: 'info',
    readable: false,
    write: (line) => lines.push((JSON.parse(line) as { msg: string }).msg),
  })
  const health = new ServerHealth({
    name: 'Kafka',
    address: 'kafka:9092',
    unavailable: 'LOG_UNAVAILABLE',
    clock,
    logger,
  })
  return { clock, lines, health }
}

/** Until everybody who has been woken sleeps again. */
async function advance(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms)
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
}

describe('the health of a server', () => {
  test('is no reason once it was reached, and nothing is logged of a start without trouble', () => {
    const { lines, health } = fixture()
    expect(health.reason()).toBe('Kafka at kafka:9092 has not been reached yet')
    health.there()
    expect([health.reason(), lines]).toEqual([null, []])
  })

  test('tells of an absence once, then at intervals, and of its end', () => {
    const { clock, lines, health } = fixture()
    health.there()
    health.away(AWAY)
    clock.advance(limits.serverAwayLogIntervalMs - 1)
    health.away(AWAY)
    clock.advance(1)
    health.away(AWAY)
    expect(health.reason()).toBe('Kafka at kafka:9092 cannot be reached since 2026-01-02T03:04:05.000Z')
    health.there()
    health.there()
    expect(lines).toEqual([
      'Kafka at kafka:9092 cannot be reached. It is tried again until it can.',
      'Kafka at kafka:9092 has not been reached for 30 s.',
      'Kafka at kafka:9092 is there, after 30 s.',
    ])
  })
})

describe('the watch', () => {
  test('notices a server that goes, one that hangs, and its return', async () => {
    const { clock, lines, health } = fixture()
    let ping: () => Promise<void> = () => Promise.resolve()
    const watch = watchServers([{ health, ping: () => ping() }], clock)
    await advance(clock, limits.serverPingIntervalMs)
    expect(health.reason()).toBeNull()
    ping = () => Promise.reject(AWAY)
    await advance(clock, limits.serverPingIntervalMs)
    expect(health.reason()).not.toBeNull()
    ping = () => Promise.resolve()
    await advance(clock, limits.serverPingIntervalMs)
    expect(health.reason()).toBeNull()
    ping = () => new Promise(() => undefined)
    await advance(clock, limits.serverPingIntervalMs)
    expect(health.reason()).toBeNull()
    await advance(clock, limits.serverPingTimeoutMs)
    expect(health.reason()).not.toBeNull()
    watch.close()
    await advance(clock, 0)
    expect([lines.length, clock.sleeping()]).toEqual([3, 0])
  })
})

describe('waiting for a server', () => {
  const opened = { close: () => Promise.resolve() }

  test('tries again with growing pauses until it can be opened', async () => {
    const { clock, lines, health } = fixture()
    let attempts = 0
    const open = () => (++attempts < 4 ? Promise.reject(AWAY) : Promise.resolve(opened))
    const waiting = awaitServer(open, { health, clock, signal: new AbortController().signal })
    for (const pause of [0, 1, 2, 4]) await advance(clock, pause * limits.serverRetryDelayMsMin)
    expect(await waiting).toBe(opened)
    expect([attempts, health.reason(), lines]).toEqual([
      4,
      null,
      [
        'Kafka at kafka:9092 cannot be reached. It is tried again until it can.',
        'Kafka at kafka:9092 is there, after 2 s.',
      ],
    ])
  })

  test('ends at once with what no waiting mends', async () => {
    const { clock, health } = fixture()
    const refused = new MeshgateError('CONFIG_INVALID', 'wrong password')
    const waiting = awaitServer(() => Promise.reject(refused), { health, clock, signal: new AbortController().signal })
    await expect(waiting).rejects.toBe(refused)
  })

  test('ends with the stop, and what still opens is closed', async () => {
    const { clock, health } = fixture()
    const stop = new AbortController()
    const opening = Promise.withResolvers<typeof opened>()
    const waiting = awaitServer(() => opening.promise, { health, clock, signal: stop.signal })
    stop.abort('stopped')
    await expect(waiting).rejects.toBe('stopped')
    const closed = new Promise<void>((resolve) => {
      opening.resolve({
        close: async () => {
          resolve()
        },
      })
    })
    await closed
  })

  test('ends with the stop between two attempts', async () => {
    const { clock, health } = fixture()
    const stop = new AbortController()
    const waiting = retryWhileAway(() => Promise.reject(AWAY), {
      clock,
      signal: stop.signal,
      onFailure: (error) => health.away(error),
    })
    await advance(clock, 0)
    stop.abort('stopped')
    await expect(waiting).rejects.toBe('stopped')
    expect(clock.sleeping()).toBe(0)
  })
})
