// The run that aborted-run.test.ts aborts.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    include: ['test/servers/aborted-run/*.test-fixture.ts'],
    globalSetup: ['test/servers/shared-servers.ts'],
    testTimeout: 600_000,
  },
})
