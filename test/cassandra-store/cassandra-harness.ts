// Opens Cassandra stores in keyspaces of their own on a server that runs, and drops them afterwards.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'cassandra-driver'
import { pino } from 'pino'
import {
  type CassandraStore,
  type CassandraStoreOptions,
  openCassandraStore,
} from '../../platform/adapters/cassandra/cassandra-store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import type { OpenedStore, StoreHarness } from '../conformance/store.ts'

export const newKeyspace = (): string => `test_${randomUUID().replaceAll('-', '')}`

export function openStore(
  address: string,
  keyspace: string,
  options: Partial<CassandraStoreOptions> = {},
): Promise<CassandraStore> {
  const logger = pino({ level: 'silent' })
  return openCassandraStore({ contactPoints: [address], keyspace, clock: systemClock, logger, ...options })
}

/** Runs `work` with a connection of its own, beside any store. */
export async function withDriver<T>(address: string, work: (driver: Client) => Promise<T>): Promise<T> {
  const driver = new Client({
    contactPoints: [address],
    protocolOptions: { port: Number(address.split(':')[1]) },
    localDataCenter: 'datacenter1',
    socketOptions: { readTimeout: 60_000 },
    encoding: { useBigIntAsLong: true },
  })
  try {
    return await work(driver)
  } finally {
    await driver.shutdown()
  }
}

export async function dropKeyspace(address: string, keyspace: string): Promise<void> {
  await withDriver(address, (driver) => driver.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`))
}

export function cassandraHarness(address: () => Promise<string>): StoreHarness {
  return {
    async open(): Promise<OpenedStore> {
      const at = await address()
      const keyspace = newKeyspace()
      let store = await openStore(at, keyspace)
      return {
        get store() {
          return store
        },
        now: () => Date.now(),
        // Servers count time to live in full seconds: what has to end has ended at the next one.
        elapse: async (ms) => {
          const until = Math.ceil((Date.now() + ms) / 1_000) * 1_000
          await sleep(until - Date.now() + 20)
        },
        async reopen() {
          await store.close()
          store = await openStore(at, keyspace)
        },
        async dispose() {
          await store.close()
          await dropKeyspace(at, keyspace)
        },
      }
    },
  }
}
