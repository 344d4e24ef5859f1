// A process that migrates tables which others migrate at the same time, and writes a row into each.
import { defineTable, put } from '../conformance/store/harness.ts'
import { openStore } from './cassandra-harness.ts'

const [address = '', keyspace = '', count = '0'] = process.argv.slice(2)
const store = await openStore(address, keyspace)
const tables = Array.from({ length: Number(count) }, (_, at) =>
  defineTable(`shared_${at}`, {
    columns: { id: 'text', name: 'text' },
    partitionKey: ['id'],
    indexes: at % 5 === 0 ? ['name'] : [],
  }),
)
await store.migrate(tables)
await store.write(tables.map(({ name }) => put(name, { id: String(process.pid), name: 'a' }, 1)))
await store.close()
