// Hive Gateway for the bench: request sharing as the run asks for, nothing logged. With its Rust planner where RUST_PLANNER is set.
import { defineConfig } from '@graphql-hive/gateway'
import { unifiedGraphHandler } from '@graphql-hive/router-runtime'

const { SHARE_SUBGRAPH_REQUESTS, SHARE_REQUESTS, FORWARD_HEADER = '', RUST_PLANNER } = process.env

export const gatewayConfig = defineConfig({
  ...(RUST_PLANNER === '1' ? { unifiedGraphHandler } : {}),
  logging: 'error',
  // On unless it is turned off.
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: SHARE_SUBGRAPH_REQUESTS === '1' } } },
  inboundInflightRequestDeduplication: SHARE_REQUESTS === '1',
  ...(FORWARD_HEADER === ''
    ? {}
    : {
        propagateHeaders: {
          fromClientToSubgraphs: ({ request }) => ({ [FORWARD_HEADER]: request.headers.get(FORWARD_HEADER) }),
        },
      }),
})
