import { describe, expect, test } from 'vitest'
import { readConfig } from '../../platform/config.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'

const GATEWAY = {
  workers: 1,
  sharing: 'fresh',
  forwardHeaders: [],
  batchMax: 0,
  allowedHosts: null,
  cors: null,
  csrfHeaders: null,
  compression: true,
  exposeErrors: false,
  safety: {
    limits: {
      documentTokensMax: 15_000,
      documentDepthMax: 40,
      documentAliasesMax: 500,
      documentSelectionsMax: 5_000,
      documentRootFieldsMax: 100,
      documentFragmentsMax: 1_000,
      documentDirectivesMax: 500,
      documentListSizeMax: 1_000,
    },
    bodyBytesMax: 1_048_576,
    cost: { max: 1_000_000, listSize: 10, tell: false },
    trustedDocuments: null,
    persistedQueries: true,
    introspection: null,
    page: null,
  },
  identity: {
    tokens: null,
    assertionKey: null,
    rate: null,
    trustedProxies: 0,
    clients: {
      tokenFailures: 300,
      sockets: 20_000,
      socketsPerClient: 1_000,
      subscriptionsPerClient: 5_000,
      subscriptionsPerSocket: 200,
    },
  },
  subgraphs: {},
}

const OPERATING = {
  supergraph: null,
  supergraphToken: null,
  supergraphCopy: null,
  drainDelayMs: 0,
  requestLog: { lines: 'slow', slowMs: 1000, sample: 1, principal: 'hashed' },
  tracing: null,
}

describe('settings', () => {
  test('have defaults for a laptop', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      dataDirectory: '.meshgate',
      cursorKey: null,
      assertionKeys: null,
      logLevel: 'info',
      gateway: GATEWAY,
      operating: OPERATING,
      servers: null,
    })
  })

  test('are read from the environment', () => {
    const key = new Uint8Array(32).fill(7)
    const environment = {
      PORT: '0',
      HOST: '0.0.0.0',
      MESHGATE_DATA_DIR: '/data',
      MESHGATE_CURSOR_KEY: Buffer.from(key).toString('base64'),
      LOG_LEVEL: 'WARN',
    }
    expect(readConfig(environment)).toEqual({
      port: 0,
      host: '0.0.0.0',
      dataDirectory: '/data',
      cursorKey: key,
      assertionKeys: null,
      logLevel: 'warn',
      gateway: GATEWAY,
      operating: OPERATING,
      servers: null,
    })
  })

  test('set to nothing count as unset', () => {
    expect(readConfig({ PORT: '', LOG_LEVEL: '' })).toEqual(readConfig({}))
  })

  test('that are misspelt are told with what is meant; those of others with the same prefix are let be', () => {
    const others = { MESHGATE_PORT_4000_TCP: 'tcp://10.0.0.1:4000', MESHGATE_KAFKA_SERVICE_HOST: '10.0.0.2' }
    expect(readConfig(others)).toEqual(readConfig({}))
    expect(() =>
      readConfig({ MESHGATE_KAFKA_BROKER: 'a:1', MESHGATE_CASSANDRA_CONTACTPOINTS: 'b', ...others }),
    ).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: [
          'MESHGATE_KAFKA_BROKER is no setting: write MESHGATE_KAFKA_BROKERS, or unset it.',
          'MESHGATE_CASSANDRA_CONTACTPOINTS is no setting: write MESHGATE_CASSANDRA_CONTACT_POINTS, or unset it.',
        ].join(' '),
      }),
    )
  })

  test.each(['65536', '-1', '80a', ' 80', '4000.5'])('PORT=%s is refused', (port) => {
    expect(() => readConfig({ PORT: port })).toThrow(
      `PORT=${port} cannot be used: write a number from 0 to 65535, for example 4000.`,
    )
  })

  test('that cannot be used are all named at once, secrets without their value', () => {
    const read = () => readConfig({ PORT: 'x', LOG_LEVEL: 'loud', MESHGATE_CURSOR_KEY: 'c2VjcmV0' })
    expect(read).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: [
          'PORT=x cannot be used: write a number from 0 to 65535, for example 4000.',
          'MESHGATE_CURSOR_KEY=(not shown) cannot be used: write 32 bytes in base64, as `openssl rand -base64 32` prints them.',
          'LOG_LEVEL=loud cannot be used: write one of trace, debug, info, warn, error, fatal, silent.',
        ].join(' '),
      }),
    )
  })
})

describe('the settings of servers', () => {
  const addresses = { MESHGATE_KAFKA_BROKERS: 'kafka', MESHGATE_CASSANDRA_CONTACT_POINTS: 'cassandra' }
  const problemsOf = (environment: Record<string, string>): string => {
    try {
      readConfig(environment)
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  test('are two addresses, and the rest has defaults', () => {
    expect(readConfig(addresses).servers).toEqual({
      kafka: { brokers: ['kafka:9092'], tls: false, sasl: null, replication: null },
      cassandra: {
        contactPoints: ['cassandra'],
        dataCenter: null,
        keyspace: 'meshgate',
        credentials: null,
        tls: false,
        consistency: 'LOCAL_QUORUM',
        replication: null,
      },
    })
  })

  test('are all read', () => {
    const environment = {
      MESHGATE_KAFKA_BROKERS: 'one:9092, [::1]:9093',
      MESHGATE_KAFKA_TLS: 'true',
      MESHGATE_KAFKA_SASL_MECHANISM: 'PLAIN',
      MESHGATE_KAFKA_USERNAME: 'mesh',
      MESHGATE_KAFKA_PASSWORD: ' secret ',
      MESHGATE_KAFKA_REPLICATION: '3',
      MESHGATE_CASSANDRA_CONTACT_POINTS: 'one:9043,two',
      MESHGATE_CASSANDRA_DATACENTER: 'dc1',
      MESHGATE_CASSANDRA_KEYSPACE: 'mesh_1',
      MESHGATE_CASSANDRA_USERNAME: 'gate',
      MESHGATE_CASSANDRA_PASSWORD: 'hidden',
      MESHGATE_CASSANDRA_TLS: 'false',
      MESHGATE_CASSANDRA_CONSISTENCY: 'quorum',
      MESHGATE_CASSANDRA_REPLICATION: '1',
    }
    expect(readConfig(environment).servers).toEqual({
      kafka: {
        brokers: ['one:9092', '[::1]:9093'],
        tls: true,
        sasl: { mechanism: 'plain', username: 'mesh', password: ' secret ' },
        replication: 3,
      },
      cassandra: {
        contactPoints: ['one:9043', 'two'],
        dataCenter: 'dc1',
        keyspace: 'mesh_1',
        credentials: { username: 'gate', password: 'hidden' },
        tls: false,
        consistency: 'QUORUM',
        replication: 1,
      },
    })
  })

  test.each([
    {
      what: 'one address alone',
      set: { MESHGATE_KAFKA_BROKERS: 'kafka' },
      told: 'MESHGATE_KAFKA_BROKERS is set and MESHGATE_CASSANDRA_CONTACT_POINTS is not: set both, or neither for the embedded log and store.',
    },
    {
      what: 'the other address alone',
      set: { MESHGATE_CASSANDRA_CONTACT_POINTS: 'c' },
      told: 'MESHGATE_CASSANDRA_CONTACT_POINTS is set and MESHGATE_KAFKA_BROKERS is not: set both, or neither for the embedded log and store.',
    },
    {
      what: "a server's setting without its address",
      set: { MESHGATE_KAFKA_TLS: 'true', MESHGATE_CASSANDRA_KEYSPACE: 'k' },
      told: 'MESHGATE_KAFKA_TLS is set without MESHGATE_KAFKA_BROKERS: set that too, or unset it. MESHGATE_CASSANDRA_KEYSPACE is set without MESHGATE_CASSANDRA_CONTACT_POINTS: set that too, or unset it.',
    },
    {
      what: 'half of the credentials',
      set: { ...addresses, MESHGATE_KAFKA_PASSWORD: 'p', MESHGATE_CASSANDRA_USERNAME: 'u' },
      told: 'MESHGATE_KAFKA_PASSWORD is set and MESHGATE_KAFKA_USERNAME is not: set both, or neither. MESHGATE_CASSANDRA_USERNAME is set and MESHGATE_CASSANDRA_PASSWORD is not: set both, or neither.',
    },
    {
      what: 'a mechanism without a user',
      set: { ...addresses, MESHGATE_KAFKA_SASL_MECHANISM: 'plain' },
      told: 'MESHGATE_KAFKA_SASL_MECHANISM is set without MESHGATE_KAFKA_USERNAME: set that too, or unset it.',
    },
    {
      what: 'values that cannot be used',
      set: { MESHGATE_KAFKA_BROKERS: 'a:b', MESHGATE_CASSANDRA_KEYSPACE: 'Mesh-1' },
      told: 'MESHGATE_KAFKA_BROKERS=a:b cannot be used: write one address or several with commas between them, for example kafka-1:9092,kafka-2:9092. MESHGATE_CASSANDRA_KEYSPACE=Mesh-1 cannot be used: write small letters, digits and _, a letter first, at most 48 characters.',
    },
  ])('tell of $what what to set', ({ set, told }) => {
    expect(problemsOf(set)).toBe(told)
  })
})

describe('the log', () => {
  function linesOf(readable: boolean): string[] {
    const lines: string[] = []
    const logger = createLogger({ level: 'info', readable, write: (line) => lines.push(line) })
    logger.debug('not shown')
    logger.warn(
      { topic: 'sales.orders', error: Object.assign(new Error('no space'), { code: 'LOG_DISK_FULL' }) },
      'tried again',
    )
    return lines
  }

  test('is a readable line on a terminal, errors by code and message', () => {
    expect(linesOf(true).map((line) => line.slice(8))).toEqual([
      ' WARN  tried again (LOG_DISK_FULL: no space) topic=sales.orders\n',
    ])
  })

  test('is JSON elsewhere, with the stack', () => {
    const [line = '', ...more] = linesOf(false)
    expect(more).toEqual([])
    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      msg: 'tried again',
      topic: 'sales.orders',
      error: { code: 'LOG_DISK_FULL', message: 'no space', stack: expect.stringContaining('config.test.ts') },
    })
  })
})

describe('the settings of the gateway', () => {
  test('are read from the environment', () => {
    const environment = {
      MESHGATE_WORKERS: 'auto',
      MESHGATE_SHARE: 'None',
      MESHGATE_FORWARD_HEADERS: 'authorization, X-Tenant',
      MESHGATE_BATCH_MAX: '10',
      MESHGATE_ALLOWED_HOSTS: 'mesh.example, *.Mesh.example',
      MESHGATE_CORS_ORIGINS: 'https://a.example,http://localhost:3000',
      MESHGATE_CORS_CREDENTIALS: 'true',
      MESHGATE_CSRF_HEADERS: 'x-mine',
      MESHGATE_COMPRESSION: 'false',
      MESHGATE_EXPOSE_ERRORS: 'true',
      MESHGATE_SUBGRAPH_URLS: 'a=http://a:1/graphql?x=1,2,b=https://b/',
      MESHGATE_SUBGRAPH_TIMEOUTS: 'a=500',
      MESHGATE_SUBGRAPH_HTTP2: 'b',
      MESHGATE_SUBGRAPH_SSE: 'a,b',
      MESHGATE_SUBGRAPH_SUBSCRIPTION_URLS: 'b=https://b/events',
      MESHGATE_SUBGRAPH_OURS: 'a',
      MESHGATE_LIMIT_DEPTH: '12',
      MESHGATE_LIMIT_BODY_BYTES: '2000000',
      MESHGATE_COST_MAX: '0',
      MESHGATE_COST_LIST_SIZE: '3',
      MESHGATE_COST_TELL: 'true',
      MESHGATE_TRUSTED_DOCUMENTS: 'documents.json',
      MESHGATE_TRUSTED_DOCUMENTS_MODE: 'only',
      MESHGATE_PERSISTED_QUERIES: 'false',
      MESHGATE_INTROSPECTION: 'true',
      MESHGATE_PAGE: 'false',
    }
    expect(readConfig(environment).gateway).toEqual({
      workers: 'auto',
      sharing: 'none',
      forwardHeaders: ['authorization', 'X-Tenant'],
      batchMax: 10,
      allowedHosts: ['mesh.example', '*.mesh.example'],
      cors: { origins: ['https://a.example', 'http://localhost:3000'], credentials: true },
      csrfHeaders: ['x-mine'],
      compression: false,
      exposeErrors: true,
      safety: {
        ...GATEWAY.safety,
        limits: { ...GATEWAY.safety.limits, documentDepthMax: 12 },
        bodyBytesMax: 2_000_000,
        cost: { max: 0, listSize: 3, tell: true },
        trustedDocuments: { path: 'documents.json', mode: 'only' },
        persistedQueries: false,
        introspection: true,
        page: false,
      },
      identity: GATEWAY.identity,
      subgraphs: {
        a: { url: 'http://a:1/graphql?x=1,2', timeoutMs: 500, subscriptions: 'sse', isOurs: true },
        b: { url: 'https://b/', http2: true, subscriptions: 'sse', subscriptionUrl: 'https://b/events' },
      },
    })
  })

  test('given by the command line win, and are named as they were written there', () => {
    const given = new Map([['MESHGATE_WORKERS', { as: '--workers', text: '3' }]])
    expect(readConfig({ MESHGATE_WORKERS: '2' }, given).gateway.workers).toBe(3)
    const wrong = new Map([['MESHGATE_WORKERS', { as: '--workers', text: 'many' }]])
    expect(() => readConfig({}, wrong)).toThrow('--workers=many cannot be used')
  })

  test.each([
    ['MESHGATE_WORKERS', '1.5'],
    ['MESHGATE_FORWARD_HEADERS', 'a b'],
    ['MESHGATE_ALLOWED_HOSTS', 'https://a.example'],
    ['MESHGATE_CORS_ORIGINS', 'https://a.example/path'],
    ['MESHGATE_CORS_CREDENTIALS', 'true'],
    ['MESHGATE_SUBGRAPH_URLS', 'a=ftp://a'],
    ['MESHGATE_SUBGRAPH_URLS', 'a=http://a,a=http://b'],
    ['MESHGATE_SUBGRAPH_URLS', '=http://a'],
    ['MESHGATE_SUBGRAPH_TIMEOUTS', 'a=0'],
    ['MESHGATE_SUBGRAPH_TIMEOUTS', 'a=1s'],
    ['MESHGATE_SUBGRAPH_HTTP2', 'a,,b'],
    ['MESHGATE_LIMIT_TOKENS', '0'],
    ['MESHGATE_COST_MAX', '-1'],
    ['MESHGATE_TRUSTED_DOCUMENTS_MODE', 'always'],
    ['MESHGATE_TRUSTED_DOCUMENTS_MODE', 'only'],
    ['MESHGATE_LIMIT_DEPTH', '201'],
    ['MESHGATE_LIMIT_LIST_SIZE', 'many'],
  ])('%s=%s is refused', (name, text) => {
    expect(() => readConfig({ [name]: text })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    )
  })
})
