// Requests for replays, on the real embedded log and store: what is refused, given up, or asked for twice.
import { expect, test } from 'vitest'
import { ReplayFacts } from '../../ingest/replay/replay-facts.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { cancelReplay } from '../../ingest/replay/request-replay.ts'
import { codeOf } from '../conformance/event-log-harness.ts'
import { ask, changesOf, done, open, settled, start, things, TOPIC } from './replay-bed.ts'
import { testProduct } from './test-products.ts'

test('refuses what runs already, what is no start, and what retention has dropped', async () => {
  const [ports, product] = [await open(), testProduct({ source: { retentionMs: 60_000 } })]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 20))
  await settled(ports, ingest)
  await ingest.close()
  expect(await ask(ports, product)).not.toBeNull()
  await expect(ask(ports, product).catch(codeOf)).resolves.toBe('REPLAY_RUNNING')
  expect(() => parseReplayFrom('yesterday')).toThrow('Write earliest, a time with its zone')
  expect(() => parseReplayFrom('2026-11-01T00:00:00')).toThrow('Write earliest')
  const again = await start(ports, product)
  await done(again)
  await expect(ask(ports, product, 'other:0:1').catch(codeOf)).resolves.toBe('REPLAY_INVALID')
  await expect(ask(ports, product, `${TOPIC}:7:1`).catch(codeOf)).resolves.toBe('REPLAY_INVALID')
  expect(await ask(ports, product, '2999-01-01')).toBeNull()
})

test('is given up on demand, so that another can be asked for; what was set back is read on', async () => {
  const [ports, product] = [await open(), testProduct()]
  const first = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 20))
  await settled(ports, first)
  await first.close()
  await ask(ports, product)
  await cancelReplay(ports, product)
  await expect(cancelReplay(ports, product).catch(codeOf)).resolves.toBe('REPLAY_INVALID')
  const second = await start(ports, product)
  expect((await second.replays()).map(({ state }) => state)).toEqual(['abandoned'])
  expect(await ask(ports, product)).not.toBeNull()
  await done(second)
  expect(new Set((await changesOf(ports)).map(({ generation }) => generation)).size).toBe(2)
})

test('of two that are asked for at once, one is it', async () => {
  const [ports, product] = [await open(), testProduct()]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 20))
  await settled(ports, ingest)
  await ingest.close()
  const outcomes = await Promise.allSettled([ask(ports, product), ask(ports, product), ask(ports, product)])
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  const facts = new ReplayFacts(ports.log)
  await facts.refresh()
  expect(facts.all().length).toBe(1)
})
