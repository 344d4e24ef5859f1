import { createRequire } from 'node:module'
import { availableParallelism, totalmem } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFilesFirst } from './test/slow-files-first.ts'

/** Tests that need real servers (test/servers/test-servers.ts). */
const ON_SERVERS = [
  'test/servers/**/*.test.ts',
  'test/kafka-log/**/*.test.ts',
  'test/cassandra-store/**/*.test.ts',
  'test/e2e/servers/**/*.test.ts',
  'test/faults/servers/**/*.test.ts',
  'test/survival/servers/**/*.test.ts',
  'test/docker/compose.test.ts',
]

/** Two cores have work for three files, of which most wait for servers; a file on servers of its own takes up to three gigabytes. */
const MAX_WORKERS = Math.max(2, Math.min(Math.max(3, availableParallelism() - 1), Math.floor(totalmem() / 4e9)))

export default defineConfig({
  // As Node resolves it: by its `module` entry graphql would be loaded a second time, beside the one of CommonJS packages (@apollo/subgraph).
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    maxWorkers: MAX_WORKERS,
    sequence: { sequencer: SlowFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'embedded',
          include: ['test/**/*.test.ts'],
          exclude: ON_SERVERS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Against hanging only, as all limits of time: a busy machine may take long.
          expect: { poll: { timeout: 30_000 } },
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ON_SERVERS,
          globalSetup: ['test/servers/shared-servers.ts'],
          // A first start may have to wait for jars.
          testTimeout: 120_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
})
