// The configuration file: what it can say, what wins over it, and how what is wrong in it is told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleFile } from '../../docs/example-file.ts'
import { readConfig, type Environment } from '../../platform/config.ts'
import { SETTING_KEYS } from '../../platform/setting-keys.ts'
import { SETTINGS } from '../../platform/settings.ts'
import { readSettingsFile } from '../../platform/settings-file.ts'
import { createProcesses, root } from './meshgate-process.ts'

function config(text: string, environment: Environment = {}, given = new Map<string, { as: string; text: string }>()) {
  return readConfig(environment, given, readSettingsFile('meshgate.yaml', text, environment))
}

function problems(text: string, environment: Environment = {}): string[] {
  try {
    config(text, environment)
    return []
  } catch (error) {
    return (error as Error).message.split(/(?<=\.) (?=meshgate\.yaml|[A-Z]+_)/)
  }
}

describe('the configuration file', () => {
  test('says what the environment can, nested by part, as texts, numbers, lists and maps', () => {
    const { port, gateway, operating, servers } = config(
      `
port: 8080
gateway:
  workers: auto
  corsOrigins: [https://a.example, "https://b.example"]
  subgraphUrls:
    books: http://books:4001/graphql
    loans: http://loans:4001/graphql?a=1,2
  compression: false
requestLog: { lines: all, sample: 0.5 }
kafka:
  brokers: [one, two:9093]
  username: mesh
  password: \${KAFKA_SECRET}
cassandra:
  contactPoints: three
`,
      { KAFKA_SECRET: 'x' },
    )
    expect({ port, workers: gateway.workers, cors: gateway.cors, compression: gateway.compression }).toEqual({
      port: 8080,
      workers: 'auto',
      cors: { origins: ['https://a.example', 'https://b.example'], credentials: false },
      compression: false,
    })
    expect(gateway.subgraphs).toEqual({
      books: { url: 'http://books:4001/graphql' },
      loans: { url: 'http://loans:4001/graphql?a=1,2' },
    })
    expect(operating.requestLog).toMatchObject({ lines: 'all', sample: 0.5 })
    expect(servers?.kafka).toMatchObject({ brokers: ['one:9092', 'two:9093'], sasl: { password: 'x' } })
  })

  test('gives way to the environment, which gives way to options', () => {
    const text = 'port: 1\nhost: "1.1.1.1"\nlogLevel: warn'
    const given = new Map([['PORT', { as: '--port', text: '3' }]])
    const { port, host, logLevel } = config(text, { PORT: '2', HOST: '2.2.2.2', LOG_LEVEL: '' }, given)
    expect({ port, host, logLevel }).toEqual({ port: 3, host: '2.2.2.2', logLevel: 'warn' })
  })

  test('an empty one says nothing, nor does a key without a value', () => {
    for (const text of ['', '# all default\n', 'gateway:\n', 'port:\ngateway: {}\nkafka:\n  brokers:\n']) {
      expect(config(text)).toEqual(readConfig({}))
    }
  })

  test('everything that is wrong is told at once, with line, column and the nearest name', () => {
    const text = `prot: 4000
gateway:
  wrokers: 2
  share: some
  brokers: x
  limits: 1
kafka: one
logLevel: [warn, [info]]
requestLog:
  sample: \${RATE}
tracing:
  headers: { key: plain }
`
    expect(problems(text, { LOG_LEVEL: 'loud' })).toEqual([
      'meshgate.yaml:1:1: prot is no setting here: write port.',
      'meshgate.yaml:3:3: wrokers is no setting here: write workers.',
      'meshgate.yaml:5:3: brokers is no setting here: write kafka.brokers.',
      expect.stringMatching(/^meshgate\.yaml:6:3: limits is no setting here: /),
      'meshgate.yaml:7:8: kafka holds settings: write `key: value` below it.',
      'meshgate.yaml:8:18: logLevel has no text here: write one.',
      'meshgate.yaml:10:11: ${RATE} is not set in the environment: set it.',
      'meshgate.yaml:12:19: tracing.headers.key is a secret: write ${NAME}, and set that variable in the environment.',
      'LOG_LEVEL=loud cannot be used: write one of trace, debug, info, warn, error, fatal, silent.',
      'meshgate.yaml:4:10: gateway.share=some cannot be used: write one of none, fresh, subgraph-requests, requests.',
    ])
  })

  test('what is no YAML is told with its place', () => {
    expect(problems('port: 1\nport: 2\ngateway: [')).toEqual([
      expect.stringMatching(/^meshgate\.yaml:2:1: Map keys must be unique/),
      expect.stringMatching(/^meshgate\.yaml:3:\d+: /),
    ])
    expect(problems('- 1')).toEqual(['meshgate.yaml:1:1: the file is no map of settings: write `key: value`.'])
  })

  test('a secret stands for itself nowhere, neither in the file nor in what is told of it', () => {
    const told = problems('kafka:\n  password: hunter2\ncursorKey: "${KEY}"', { KEY: 'hunter3' })
    expect(told).toEqual([
      'meshgate.yaml:2:13: kafka.password is a secret: write ${NAME}, and set that variable in the environment.',
      expect.stringMatching(/^meshgate\.yaml:3:12: cursorKey=\(not shown\) cannot be used: write 32 bytes in base64/),
    ])
  })

  test('no alias expands without end', () => {
    const text = `a: &a [x, x]\ngateway:\n  forwardHeaders: *a\n`
    expect(problems(text)).toEqual(['meshgate.yaml:1:1: a is no setting here: docs/settings.md lists all.'])
  })
})

test('every setting of the environment has one key of its own in the file', () => {
  const paths = SETTING_KEYS.map(({ path }) => path)
  expect(new Set(paths).size).toBe(paths.length)
  const named = new Set(SETTING_KEYS.map(({ setting }) => setting.name))
  expect(Object.values(SETTINGS).filter(({ name }) => !named.has(name))).toEqual([SETTINGS.configFile])
})

test('the example says nothing as it is, and the defaults once its settings are taken out of comments', () => {
  expect(config(exampleFile())).toEqual(readConfig({}))
  const environment = { MESHGATE_CURSOR_KEY: '' }
  const taken = exampleFile()
    .split('\n')
    // Those that have a default.
    .map((line) => (/^ *#\w+: (?!\$)/.test(line) ? line.replace('#', '') : line))
    .join('\n')
  expect(config(taken, environment)).toEqual(readConfig({}))
})

describe('a command', () => {
  let directory = ''
  const processes = createProcesses(() => ({ NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate') }))
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'meshgate-settings-'))
  })
  afterAll(async () => {
    await processes.killAll()
    await rm(directory, { recursive: true })
  })

  test('tells what is wrong in the file, in the environment and in its options together', async () => {
    const file = join(directory, 'wrong.yaml')
    await writeFile(file, 'gateway:\n  batchMax: many\n')
    const args = ['gateway', '-s', 'test/cli/apollo-composed.graphql', '--config', file, '--share', 'some']
    const { code, stderr } = await processes.run(args, { LOG_LEVEL: 'loud' })
    expect(code).toBe(2)
    for (const part of [`${file}:2:13: gateway.batchMax=many`, '--share=some', 'LOG_LEVEL=loud']) {
      expect(stderr).toContain(part)
    }
  })

  test('takes the file that the environment names, and everything that it needs from it', async () => {
    const file = join(directory, 'right.yaml')
    const supergraph = join(root, 'test/cli/apollo-composed.graphql')
    const urls = '{ books: "http://127.0.0.1:9/", loans: "http://127.0.0.1:9/" }'
    await writeFile(file, `host: 0.0.0.0\ngateway:\n  supergraph: ${supergraph}\n  subgraphUrls: ${urls}\n`)
    const running = processes.start(['gateway'], { MESHGATE_CONFIG: file })
    expect(await running.printed(/Gateway: (http:\S+)/)).toMatch(/^http:\/\/localhost:\d+\/$/)
    expect(await running.stop()).toMatchObject({ code: 0 })
  })

  test('refuses a file that is named and does not exist', async () => {
    const { code, stderr } = await processes.run(['gateway', '-s', 'x', '--config', join(directory, 'none.yaml')])
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^FILE_UNREADABLE: .*none\.yaml does not exist/)])
  })
})
