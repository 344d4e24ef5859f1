// How tests start servers: small, quick, gone with the process that started them.
import { join } from 'node:path'
import type { ServerOptions } from '../../services/server-options.ts'

/**
 * Retention and compaction within a second or so of their time, so that tests can wait for them. A broker that was killed is let in again when its
 * session has ended, which is nine seconds without this.
 */
export const TEST_KAFKA_SETTINGS = {
  'log.initial.task.delay.ms': 1_000,
  'log.retention.check.interval.ms': 1_000,
  'log.cleaner.backoff.ms': 1_000,
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
}

/** `name` is a directory in `temporaryDirectory`, which is removed when its test run vanishes. */
export function testServerOptions(temporaryDirectory: string, name: string): ServerOptions {
  return { directory: join(temporaryDirectory, name), lifetime: 'process', quickStart: true, temporaryDirectory }
}
