// The gateways that are measured in turn: ours, the peers of bench/gateway/peers, and as the floor a constant answer of node:http.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { GatewaySetup, GatewayUnderTest } from './gateway-under-test.ts'

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const peers = pathOf('../peers/')
const hive = `${peers}node_modules/@graphql-hive/gateway/dist/bin.js`

export const peersAreInstalled = existsSync(hive)
export const peersInstallation = 'npm ci --prefix bench/gateway/peers'

function meshgateOf(checkout: string, name: string, title: string): GatewayUnderTest {
  return {
    name,
    title,
    path: '/graphql',
    isPeer: false,
    sharings: ['none', 'subgraph-requests', 'requests'],
    command: ({ supergraph, port, sharing, forwardHeader, isProfiled }) => ({
      args: [
        // The launcher runs the gateway in a child.
        `${checkout}/cli/${isProfiled ? 'main.ts' : 'meshgate.js'}`,
        'gateway',
        '--supergraph',
        supergraph,
        '--port',
        String(port),
        '--share',
        sharing,
        ...(forwardHeader === null ? [] : ['--forward-header', forwardHeader]),
      ],
      environment: {},
    }),
  }
}

const meshgate = meshgateOf(pathOf('../../../'), 'meshgate', 'Meshgate')

/** Another state of ours, to compare with. */
export function otherMeshgate(checkout: string): GatewayUnderTest {
  return meshgateOf(checkout, 'other', 'Meshgate, the other checkout')
}

const apollo: GatewayUnderTest = {
  name: 'apollo',
  title: 'Apollo Gateway',
  isPeer: true,
  path: '/',
  sharings: ['none'],
  command: ({ supergraph, port, forwardHeader }) => ({
    args: [`${peers}apollo-gateway.mjs`],
    environment: { SUPERGRAPH: supergraph, PORT: String(port), FORWARD_HEADER: forwardHeader ?? '' },
  }),
}

const apolloServer: GatewayUnderTest = {
  name: 'apollo-server',
  title: 'Apollo Server with MeshgateGateway',
  path: '/',
  isPeer: false,
  sharings: ['none'],
  command: ({ supergraph, port, forwardHeader }) => ({
    args: [pathOf('./apollo-server-process.ts')],
    environment: { SUPERGRAPH: supergraph, PORT: String(port), FORWARD_HEADER: forwardHeader ?? '' },
  }),
}

const hiveCommand = (setup: GatewaySetup, flags: readonly string[], rustPlanner: boolean) => ({
  args: [
    hive,
    'supergraph',
    setup.supergraph,
    '--host',
    '127.0.0.1',
    '--port',
    String(setup.port),
    '--config-path',
    `${peers}hive-gateway.config.mjs`,
    ...flags,
  ],
  environment: {
    SHARE_SUBGRAPH_REQUESTS: setup.sharing === 'none' ? '0' : '1',
    SHARE_REQUESTS: setup.sharing === 'requests' ? '1' : '0',
    FORWARD_HEADER: setup.forwardHeader ?? '',
    RUST_PLANNER: rustPlanner ? '1' : '0',
  },
})

const hiveDefault: GatewayUnderTest = {
  name: 'hive',
  title: 'Hive Gateway',
  isPeer: true,
  path: '/graphql',
  sharings: ['none', 'subgraph-requests', 'requests'],
  // As the public benchmarks start it.
  command: (setup) => hiveCommand(setup, ['--jit'], false),
}

const hiveRust: GatewayUnderTest = {
  name: 'hive-rust',
  title: 'Hive Gateway, Rust planner',
  isPeer: true,
  path: '/graphql',
  sharings: ['none', 'subgraph-requests', 'requests'],
  command: (setup) => hiveCommand(setup, [], true),
}

/** Not a gateway: what node:http alone costs for the same answer. */
const floor: GatewayUnderTest = {
  name: 'floor',
  title: 'node:http, a constant answer',
  isPeer: false,
  path: '/',
  sharings: ['none', 'subgraph-requests', 'requests'],
  command: ({ port }) => ({ args: [pathOf('./floor-process.ts')], environment: { PORT: String(port) } }),
}

export const knownGateways: readonly GatewayUnderTest[] = [meshgate, apolloServer, apollo, hiveDefault, hiveRust, floor]
