// The part of the configuration that says where Kafka and Cassandra are. Both or neither: a log here and a store there would not be one mesh.
import { CASSANDRA_SETTINGS, KAFKA_SETTINGS, type CONSISTENCIES, type SASL_MECHANISMS } from './server-settings.ts'
import type { Setting } from './setting.ts'

export interface ServersConfig {
  readonly kafka: KafkaConfig
  readonly cassandra: CassandraConfig
}

export interface KafkaConfig {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  readonly tls: boolean
  readonly sasl: {
    readonly mechanism: (typeof SASL_MECHANISMS)[number]
    readonly username: string
    readonly password: string
  } | null
  /** Null: by the number of brokers. */
  readonly replication: number | null
}

export interface CassandraConfig {
  /** `host` or `host:port`, at least one. */
  readonly contactPoints: readonly string[]
  /** Null: that of the first contact point reached. */
  readonly dataCenter: string | null
  readonly keyspace: string
  readonly credentials: { readonly username: string; readonly password: string } | null
  readonly tls: boolean
  readonly consistency: (typeof CONSISTENCIES)[number]
  /** Null: by the number of nodes. */
  readonly replication: number | null
}

const KEYSPACE = 'meshgate'
const CONSISTENCY = 'LOCAL_QUORUM'
/** The one that never sends the password. */
const MECHANISM = 'scram-sha-512'

/** Null without the two addresses, or when `problems` has been told what is wrong with them. */
export function readServers(read: <T>(setting: Setting<T>) => T | null, problems: string[]): ServersConfig | null {
  const known = problems.length
  const kafka = readKafka(readAll(KAFKA_SETTINGS, read))
  const cassandra = readCassandra(readAll(CASSANDRA_SETTINGS, read))
  // A value that cannot be read stands for one that can: what follows from its absence is not told as well.
  if (problems.length > known) return null
  const addresses = [KAFKA_SETTINGS.kafkaBrokers.name, CASSANDRA_SETTINGS.cassandraContactPoints.name] as const
  const [present, absent] = kafka.address === null ? [addresses[1], addresses[0]] : addresses
  if ((kafka.address === null) !== (cassandra.address === null)) {
    problems.push(`${present} is set and ${absent} is not: set both, or neither for the embedded log and store.`)
  } else if (kafka.address === null) {
    problems.push(...withoutAddress(kafka.set, addresses[0]), ...withoutAddress(cassandra.set, addresses[1]))
  }
  problems.push(...kafka.problems, ...cassandra.problems)
  if (problems.length > known || kafka.address === null || cassandra.address === null) return null
  return {
    kafka: { brokers: kafka.address, ...kafka.rest },
    cassandra: { contactPoints: cassandra.address, ...cassandra.rest },
  }
}

type Values<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer T> ? T | null : never
}

interface Group<Values> {
  readonly values: Values
  /** Names of the settings that have a value. */
  readonly set: readonly string[]
}

function readAll<Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings,
  read: <T>(setting: Setting<T>) => T | null,
): Group<Values<Settings>> {
  const entries = Object.entries(settings).map(([name, one]) => [name, one.name, read(one)] as const)
  const values = Object.fromEntries(entries.map(([name, , value]) => [name, value]))
  const set = entries.filter(([, , value]) => value !== null).map(([, variable]) => variable)
  return { values: values as Values<Settings>, set }
}

function readKafka({ values, set }: Group<Values<typeof KAFKA_SETTINGS>>) {
  const { kafkaUsername, kafkaPassword, kafkaSaslMechanism } = values
  const user = readUser(
    [KAFKA_SETTINGS.kafkaUsername.name, kafkaUsername],
    [KAFKA_SETTINGS.kafkaPassword.name, kafkaPassword],
  )
  const problems = [...user.problems]
  if (kafkaSaslMechanism !== null && kafkaUsername === null) {
    const { kafkaSaslMechanism: mechanism, kafkaUsername: username } = KAFKA_SETTINGS
    problems.push(`${mechanism.name} is set without ${username.name}: set that too, or unset it.`)
  }
  const sasl = user.credentials === null ? null : { mechanism: kafkaSaslMechanism ?? MECHANISM, ...user.credentials }
  const rest = { tls: values.kafkaTls ?? false, sasl, replication: values.kafkaReplication }
  return { address: values.kafkaBrokers, set, problems, rest }
}

function readCassandra({ values, set }: Group<Values<typeof CASSANDRA_SETTINGS>>) {
  const user = readUser(
    [CASSANDRA_SETTINGS.cassandraUsername.name, values.cassandraUsername],
    [CASSANDRA_SETTINGS.cassandraPassword.name, values.cassandraPassword],
  )
  const rest = {
    dataCenter: values.cassandraDataCenter,
    keyspace: values.cassandraKeyspace ?? KEYSPACE,
    credentials: user.credentials,
    tls: values.cassandraTls ?? false,
    consistency: values.cassandraConsistency ?? CONSISTENCY,
    replication: values.cassandraReplication,
  }
  return { address: values.cassandraContactPoints, set, problems: user.problems, rest }
}

type Named = readonly [variable: string, value: string | null]

function readUser([usernameVariable, username]: Named, [passwordVariable, password]: Named) {
  if (username !== null && password !== null) return { credentials: { username, password }, problems: [] }
  if (username === null && password === null) return { credentials: null, problems: [] }
  const [present, absent] =
    username === null ? [passwordVariable, usernameVariable] : [usernameVariable, passwordVariable]
  return { credentials: null, problems: [`${present} is set and ${absent} is not: set both, or neither.`] }
}

function withoutAddress(set: readonly string[], address: string): readonly string[] {
  return set.map((variable) => `${variable} is set without ${address}: set that too, or unset it.`)
}
