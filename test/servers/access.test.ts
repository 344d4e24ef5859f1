// How Kafka and Cassandra let us in: users with right and wrong passwords, few rights, and TLS that one side speaks and the other does not.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'cassandra-driver'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openCassandraStore, type CassandraStoreOptions } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog, type KafkaLogOptions } from '../../platform/adapters/kafka/kafka-log.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { pickPort } from '../../services/free-port.ts'
import { cassandraAddress, describeServers, startOwnCassandra, startOwnKafka } from './test-servers.ts'

const HOST = '127.0.0.1'
const KEYSTORE_PASSWORD = 'changeit'
const common = { clock: systemClock, logger: pino({ level: 'silent' }) }
const superuser = { username: 'cassandra', password: 'cassandra' }
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-access-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** A certificate that signs itself, in a keystore. */
async function makeKeystore(): Promise<string> {
  const keystore = join(directory, 'server.p12')
  const access = ['-alias', 'server', '-keystore', keystore, '-storepass', KEYSTORE_PASSWORD, '-storetype', 'PKCS12']
  const names = ['-dname', 'CN=localhost', '-ext', `SAN=DNS:localhost,IP:${HOST}`, '-validity', '2']
  await promisify(execFile)('keytool', ['-genkeypair', '-keyalg', 'EC', ...names, ...access])
  const { stdout } = await promisify(execFile)('keytool', ['-exportcert', '-rfc', ...access])
  await writeFile(join(directory, 'server.pem'), stdout)
  return keystore
}

/** Whether it opens, or what is said instead. */
async function outcome(opening: Promise<{ close(): Promise<void> }>): Promise<string> {
  try {
    await (await opening).close()
    return 'open'
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return `${String(code)}: ${message}`
  }
}

describeServers('Kafka', () => {
  const ports = { plain: 0, tls: 0, user: 0 }

  const open = (port: number, options: Partial<KafkaLogOptions> = {}): Promise<string> =>
    outcome(openKafkaLog({ brokers: [`${HOST}:${String(port)}`], ...common, ...options }))
  const sasl = { mechanism: 'plain', username: 'mesh', password: 'right' } as const

  beforeAll(async () => {
    const keystore = await makeKeystore()
    const inner = await pickPort(HOST)
    ports.plain = await pickPort(HOST)
    ports.tls = await pickPort(HOST)
    ports.user = await pickPort(HOST)
    const listeners = `PLAINTEXT://${HOST}:${ports.plain},SSL://${HOST}:${ports.tls},SASL_PLAINTEXT://${HOST}:${ports.user}`
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule'
    await startOwnKafka({
      port: ports.plain,
      voters: [`1@${HOST}:${inner}`],
      settings: {
        listeners: `${listeners},CONTROLLER://${HOST}:${inner}`,
        'advertised.listeners': listeners,
        'listener.security.protocol.map':
          'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
        'ssl.keystore.location': keystore,
        'ssl.keystore.password': KEYSTORE_PASSWORD,
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${login} required user_mesh="right";`,
      },
    })
  })

  test('lets a user in by the right password, and says what is wrong with any other', async () => {
    expect(await open(ports.user, { sasl })).toBe('open')
    expect(await open(ports.user, { sasl: { ...sasl, password: 'wrong' } })).toMatch(
      /^LOG_ACCESS_DENIED: Kafka refuses our user: .*Check mechanism, name and password\.$/,
    )
    expect(await open(ports.user, { sasl: { ...sasl, mechanism: 'scram-sha-512' } })).toMatch(/^LOG_ACCESS_DENIED: /)
    expect(await open(ports.user)).toBe(
      `LOG_ACCESS_DENIED: Kafka at ${HOST}:${ports.user} asks for a user. Set MESHGATE_KAFKA_USERNAME and MESHGATE_KAFKA_PASSWORD.`,
    )
  })

  test('that speaks TLS where we do not, or the other way round, is told by the setting to change', async () => {
    expect(await open(ports.plain, { tls: true })).toBe(
      `CONFIG_INVALID: Kafka at ${HOST}:${ports.plain} speaks without TLS. Unset MESHGATE_KAFKA_TLS, or name its port for TLS.`,
    )
    expect(await open(ports.tls)).toBe(
      `CONFIG_INVALID: Kafka at ${HOST}:${ports.tls} speaks TLS. Set MESHGATE_KAFKA_TLS=true, or name its port without TLS.`,
    )
    expect(await open(ports.tls, { tls: true })).toBe(
      `CONFIG_INVALID: The certificate of Kafka at ${HOST}:${ports.tls} is signed by itself, and this machine does not trust it. Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    )
  })

  test('is away where nobody listens, whatever is set', async () => {
    const nowhere = await pickPort(HOST)
    expect(await open(nowhere, { tls: true })).toMatch(/^LOG_UNAVAILABLE: /)
  })
})

describeServers('Cassandra', () => {
  let port = 0

  const open = (at: number, options: Partial<CassandraStoreOptions> = {}): Promise<string> => {
    const contactPoints = [`${HOST}:${String(at)}`]
    return outcome(openCassandraStore({ contactPoints, keyspace: 'access', replication: 1, ...common, ...options }))
  }

  beforeAll(async () => {
    port = await pickPort(HOST)
    const settings = { authenticator: 'PasswordAuthenticator', authorizer: 'CassandraAuthorizer' }
    await startOwnCassandra({ port, settings })
    // It makes its first user some seconds after it answers.
    const isOpen = async (): Promise<void> => expect(await open(port, { credentials: superuser })).toBe('open')
    await vi.waitFor(isOpen, { timeout: 60_000, interval: 500 })
  })

  test('lets a user in by the right password, and says what is wrong with any other', async () => {
    expect(await open(port, { credentials: superuser })).toBe('open')
    const refused = /^STORE_ACCESS_DENIED: .*check user name, password and grants\.$/
    expect(await open(port, { credentials: { ...superuser, password: 'wrong' } })).toMatch(refused)
    expect(await open(port)).toMatch(refused)
  })

  test('is opened by a user with rights on its keyspace alone', async () => {
    const client = new Client({
      contactPoints: [`${HOST}:${String(port)}`],
      localDataCenter: 'datacenter1',
      credentials: superuser,
    })
    await client.execute("CREATE ROLE few WITH LOGIN = true AND PASSWORD = 'few'")
    await client.execute('GRANT ALL PERMISSIONS ON KEYSPACE access TO few')
    await client.shutdown()
    expect(await open(port, { credentials: { username: 'few', password: 'few' } })).toBe('open')
  })

  test('that speaks no TLS where we do is told by the setting to change', async () => {
    const address = await cassandraAddress()
    expect(await open(Number(address.split(':')[1]), { tls: true })).toBe(
      `CONFIG_INVALID: Cassandra at ${address} speaks without TLS. Unset MESHGATE_CASSANDRA_TLS, or name its port for TLS.`,
    )
  })
})
