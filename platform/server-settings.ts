// The settings of Kafka and Cassandra. Their two addresses make a mesh use them in place of the embedded log and store.
import { invalid, ok, readOneOf, readSwitch, readText, setting, type Reading } from './setting.ts'

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
export const CONSISTENCIES = ['ONE', 'LOCAL_ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL'] as const

const PORT_MAX = 65_535
const KAFKA_PORT = 9_092
/** More replicas than any sensible cluster has. */
const REPLICATION_MAX = 15

/** A name, an IPv4 address, or an IPv6 one in brackets; then a port where one is given. */
const ADDRESS = /^([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i

function readAddresses(example: string, defaultPort: number | null): (text: string) => Reading<readonly string[]> {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim())
    const addresses = parts.map((part) => {
      const [, host, port] = ADDRESS.exec(part) ?? []
      if (host === undefined || Number(port ?? 1) > PORT_MAX || Number(port ?? 1) < 1) return null
      return port === undefined && defaultPort !== null ? `${host}:${defaultPort}` : part
    })
    return addresses.includes(null)
      ? invalid(`one address or several with commas between them, for example ${example}`)
      : ok(addresses.filter((address) => address !== null))
  }
}

function readReplication(text: string): Reading<number> {
  const copies = /^\d{1,2}$/.test(text) ? Number(text) : 0
  return copies >= 1 && copies <= REPLICATION_MAX ? ok(copies) : invalid(`a number from 1 to ${REPLICATION_MAX}`)
}

function readKeyspace(text: string): Reading<string> {
  return /^[a-z][a-z0-9_]{0,47}$/.test(text)
    ? ok(text)
    : invalid('small letters, digits and _, a letter first, at most 48 characters')
}

export const KAFKA_SETTINGS = {
  kafkaBrokers: setting(
    'MESHGATE_KAFKA_BROKERS',
    {
      defaultText: null,
      meaning:
        'Kafka brokers to begin with, as `host:port`, commas between them. Set together with `MESHGATE_CASSANDRA_CONTACT_POINTS`: the mesh then runs on Kafka and Cassandra, and on the embedded log and store without both.',
    },
    readAddresses('kafka-1:9092,kafka-2:9092', KAFKA_PORT),
  ),
  kafkaTls: setting(
    'MESHGATE_KAFKA_TLS',
    {
      defaultText: null,
      meaning: '`true`: connections to Kafka are encrypted, and its certificate must be one that this machine trusts.',
    },
    readSwitch,
  ),
  kafkaSaslMechanism: setting(
    'MESHGATE_KAFKA_SASL_MECHANISM',
    {
      defaultText: null,
      meaning: `How the user is proven to Kafka: ${SASL_MECHANISMS.join(', ')}. Unset, with a user: scram-sha-512. \`plain\` sends the password as it is: with TLS only.`,
    },
    readOneOf(SASL_MECHANISMS),
  ),
  kafkaUsername: setting(
    'MESHGATE_KAFKA_USERNAME',
    { defaultText: null, meaning: 'User for Kafka; unset: none is asked for.' },
    readText,
  ),
  kafkaPassword: setting(
    'MESHGATE_KAFKA_PASSWORD',
    { defaultText: null, meaning: 'Password of that user.', secret: true },
    (text) => ok(text),
  ),
  kafkaReplication: setting(
    'MESHGATE_KAFKA_REPLICATION',
    {
      defaultText: null,
      meaning:
        'Copies of each partition of topics that are created. Unset: 3, or as many as there are brokers; a start on less than 3 warns.',
    },
    readReplication,
  ),
} as const

export const CASSANDRA_SETTINGS = {
  cassandraContactPoints: setting(
    'MESHGATE_CASSANDRA_CONTACT_POINTS',
    {
      defaultText: null,
      meaning:
        'Cassandra nodes to begin with, as `host` or `host:port`, commas between them. Set together with `MESHGATE_KAFKA_BROKERS`.',
    },
    readAddresses('cassandra-1,cassandra-2', null),
  ),
  cassandraDataCenter: setting(
    'MESHGATE_CASSANDRA_DATACENTER',
    {
      defaultText: null,
      meaning: 'Data centre whose nodes are used. Unset: that of the first contact point that answers.',
    },
    readText,
  ),
  cassandraKeyspace: setting(
    'MESHGATE_CASSANDRA_KEYSPACE',
    { defaultText: null, meaning: 'Keyspace of the mesh, created when missing. Unset: `meshgate`.' },
    readKeyspace,
  ),
  cassandraUsername: setting(
    'MESHGATE_CASSANDRA_USERNAME',
    { defaultText: null, meaning: 'User for Cassandra; unset: none is given.' },
    readText,
  ),
  cassandraPassword: setting(
    'MESHGATE_CASSANDRA_PASSWORD',
    { defaultText: null, meaning: 'Password of that user.', secret: true },
    (text) => ok(text),
  ),
  cassandraTls: setting(
    'MESHGATE_CASSANDRA_TLS',
    {
      defaultText: null,
      meaning:
        '`true`: connections to Cassandra are encrypted, and its certificate must be one that this machine trusts.',
    },
    readSwitch,
  ),
  cassandraConsistency: setting(
    'MESHGATE_CASSANDRA_CONSISTENCY',
    {
      defaultText: null,
      meaning: `Replicas that must answer a read and a write: ${CONSISTENCIES.join(', ')}. Unset: LOCAL_QUORUM. With less than a quorum on both, a query may not find what a change has told of.`,
    },
    readOneOf(CONSISTENCIES),
  ),
  cassandraReplication: setting(
    'MESHGATE_CASSANDRA_REPLICATION',
    {
      defaultText: null,
      meaning:
        'Copies of each row in a keyspace that is created. Unset: 3, or as many as the data centre has nodes; a start on less than 3 warns.',
    },
    readReplication,
  ),
} as const
