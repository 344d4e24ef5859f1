// The real clock keeps the promises of its port.
import { expect, it } from 'vitest'
import { systemClock } from '../../platform/system-clock.ts'

it('sleeps at least as long as asked by its monotonic time', async () => {
  const before = systemClock.monotonic()
  await systemClock.sleep(5)
  // Timers have whole milliseconds.
  expect(systemClock.monotonic() - before).toBeGreaterThan(4)
})

it("ends a sleep with the signal's reason, also when it was aborted before", async () => {
  const reason = new Error('stop')
  const controller = new AbortController()
  const sleeping = systemClock.sleep(1_000_000, controller.signal)
  controller.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  await expect(systemClock.sleep(1_000_000, controller.signal)).rejects.toBe(reason)
})
