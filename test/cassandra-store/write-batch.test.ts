import { createRequire } from 'node:module'
import { Client, types } from 'cassandra-driver'
import { DefaultExecutionOptions } from 'cassandra-driver/lib/execution-options.js'
import type PrepareHandler from 'cassandra-driver/lib/prepare-handler.js'
import { BatchRequest, type Encoder } from 'cassandra-driver/lib/requests.js'
import { describe, expect, it } from 'vitest'
import { toCql } from '../../platform/adapters/cassandra/cql-value.ts'
import { EncodedBatch, type Statement } from '../../platform/adapters/cassandra/write-batch.ts'
import type { Value } from '../../schema/row.ts'
import type { ColumnType } from '../../schema/tables.ts'

const { dataTypes } = types
const CODES: Readonly<Record<ColumnType, number>> = {
  text: dataTypes.varchar,
  json: dataTypes.text,
  int: dataTypes.int,
  bigint: dataTypes.bigint,
  double: dataTypes.double,
  boolean: dataTypes.boolean,
  decimal: dataTypes.decimal,
  timestamp: dataTypes.timestamp,
  date: dataTypes.date,
  uuid: dataTypes.uuid,
}

const nines = (digits: number): string => '9'.repeat(digits)
/** Where the encodings change their length or their way. */
const VALUES: readonly (readonly [ColumnType, readonly Value[]])[] = [
  ['text', ['', 'a', 'é', '😀', 'a'.repeat(24), 'a'.repeat(25), `${'a'.repeat(23)}é`, '\ue000'.repeat(100_000)]],
  ['json', [[], { a: ['é', null, 1.5] }]],
  ['int', [-2_147_483_648, -1, 0, 1, 2_147_483_647]],
  ['bigint', ['-9223372036854775808', '-1', '0', '9007199254740993', '9223372036854775807']],
  ['double', [-1.5, 0, 1e300]],
  ['boolean', [true, false]],
  [
    'decimal',
    ['0', '-1', '127', '128', '-128', '-129', '327.67', '327.68', '-3.2768', '-3.2769', '8388607', '8388608'],
  ],
  ['decimal', ['-8388608', '-8388609', '0.00000001', '-0.001', '1234567.89', nines(9), nines(20), `-${nines(300)}.5`]],
  ['timestamp', ['0001-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '2026-01-01T00:00:00.001Z']],
  ['date', ['0001-01-01', '1969-12-31', '1970-01-01', '2026-11-21', '9999-12-31']],
  ['uuid', ['ffffffff-0000-4000-8000-000000000001']],
]

const ENCODING = { useBigIntAsLong: true, useUndefinedAsUnset: true }
function encoderOf(protocolVersion: number): Encoder {
  const DriverEncoder = createRequire(import.meta.url)('cassandra-driver/lib/encoder.js') as new (
    version: number,
    options: object,
  ) => Encoder
  return new DriverEncoder(protocolVersion, { encoding: ENCODING })
}

const DRIVER = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'none', encoding: ENCODING })
const OPTIONS = DefaultExecutionOptions.create(
  { prepare: true, logged: false, consistency: types.consistencies.localQuorum },
  DRIVER,
)
const ENCODER = encoderOf(types.protocolVersion.v4)
const STREAM = 517

interface Batch {
  readonly statements: readonly Statement[]
  readonly prepared: ReadonlyMap<string, PrepareHandler.Prepared>
}

/** Of one statement for each list of params, all with the columns of the types. */
function batchOf(codes: readonly number[], params: readonly (readonly unknown[])[]): Batch {
  const columns = codes.map((code) => ({ type: { code } }))
  const statements = params.map((values, at) => ({ query: `statement ${at % 2}`, params: values }))
  const prepared = [0, 1].map(
    (at) => [`statement ${at}`, { queryId: Buffer.alloc(16, at + 1), meta: { columns } }] as const,
  )
  return { statements, prepared: new Map(prepared) }
}

function encodings({ statements, prepared }: Batch): { readonly own: Buffer; readonly driver: Buffer } {
  const queries = statements.map((statement) => ({ ...statement, ...prepared.get(statement.query) }))
  return {
    own: new EncodedBatch(statements, prepared, OPTIONS).write(ENCODER, STREAM),
    driver: new BatchRequest(queries, OPTIONS).write(ENCODER, STREAM),
  }
}

describe('a batch as bytes', () => {
  it.each(VALUES)('has %s values as the driver encodes them', (type, values) => {
    const params = values.map((value) => [toCql(type, value), null, undefined, BigInt(values.length)])
    const { own, driver } = encodings(batchOf([CODES[type], CODES.text, CODES.int, CODES.bigint], params))
    // Compared so, since a difference of long ones would be shown for minutes.
    expect(own.equals(driver)).toBe(true)
  })

  it('are its own: another request that is written after it leaves them as they are', () => {
    const one = batchOf([CODES.text], [['one']])
    const other = batchOf([CODES.text], [['other'.repeat(100)]])
    const { own } = encodings(one)
    const before = Buffer.from(own)
    encodings(other)
    expect(own).toEqual(before)
  })

  it('are the same when it is sent again', () => {
    const { statements, prepared } = batchOf(
      [CODES.decimal, CODES.text],
      [
        ['1.5', 'é'],
        [null, undefined],
      ],
    )
    const request = new EncodedBatch(statements, prepared, OPTIONS)
    expect(request.clone().write(ENCODER, STREAM)).toEqual(request.write(ENCODER, STREAM))
  })
})
