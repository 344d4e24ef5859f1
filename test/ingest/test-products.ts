// Small products for the tests of ingest, as the compiler makes them.
import type {
  Check,
  Entity,
  FieldType,
  Parse,
  Product,
  ScalarName,
  Source,
  StoredField,
  Table,
} from '../../schema/model.ts'

const location = { file: 'product.graphql', line: 1, column: 1 }
const governance = { subject: false, personal: null, mask: null, access: null }

function scalarField(
  name: string,
  scalar: ScalarName,
  options: { nullable?: boolean; checks?: readonly Check[]; parse?: Parse } = {},
): StoredField {
  const type: FieldType = { kind: 'scalar', scalar }
  return {
    kind: 'stored',
    name,
    description: null,
    nullable: options.nullable ?? false,
    governance,
    passedDirectives: [],
    location,
    type,
    extraction: {
      path: [name],
      trim: false,
      emptyAsNull: false,
      letterCase: null,
      defaultText: null,
      parse: options.parse ?? null,
    },
    checks: options.checks ?? [],
  }
}

function positive(id: string): Check {
  const interval = { lower: '0', lowerInclusive: true, upper: null, upperInclusive: false }
  return { id, rule: { kind: 'range', interval }, message: null, onFail: 'REJECT', location }
}

export function testTable(name: string, partitionKey: string, clusteringKey: readonly string[] = []): Table {
  return {
    name,
    partitionKey: [{ field: partitionKey, bucket: null, column: partitionKey }],
    clusteringKey: clusteringKey.map((field) => ({ field, order: 'ASC' })),
    ttlMs: null,
    indexes: [],
    location,
  }
}

interface TestProductOptions {
  readonly source?: Partial<Source>
  readonly tables?: readonly Table[]
  readonly readsBase?: boolean
}

/** Things, found by id and by shelf (ranked). */
export function testProduct({ source, tables, readsBase = true }: TestProductOptions = {}): Product {
  const thing: Entity = {
    name: 'Thing',
    description: null,
    key: ['id'],
    keys: [{ fields: 'id', resolvable: true }],
    source: {
      topic: 'test.things',
      keyField: 'id',
      timeField: null,
      version: null,
      envelope: 'NONE',
      format: 'JSON',
      pattern: null,
      partial: false,
      immutableKeys: false,
      partitions: 2,
      retentionMs: null,
      changesRetentionMs: 604_800_000,
      compacted: false,
      rekeyed: false,
      ...source,
    },
    tables: tables ?? [testTable('things', 'id'), testTable('things_by_shelf', 'shelf', ['rank', 'id'])],
    fields: [
      scalarField('id', 'ID'),
      scalarField('shelf', 'String'),
      scalarField('rank', 'Int', { parse: 'NUMBER' }),
      scalarField('note', 'String', { nullable: true }),
      scalarField('price', 'Decimal', { nullable: true, checks: [positive('price-not-negative')] }),
      ...(source?.version ? [versionField(source.version)] : []),
    ],
    checks: [],
    access: null,
    rowFilter: null,
    passedDirectives: [],
    readsBase,
    derivation: null,
    location,
  }
  return {
    name: 'things',
    domain: 'test',
    owner: 'test@example.com',
    version: '1.0.0',
    status: 'ACTIVE',
    description: null,
    slo: { freshnessMs: null, readLatencyP99Ms: null, completeness: null, availability: null },
    reads: [],
    readTypes: [],
    entities: [thing],
    valueTypes: [],
    enums: [],
    queries: [],
    subscriptions: [],
    file: 'product.graphql',
  }
}

function versionField({ field, kind }: NonNullable<Source['version']>): StoredField {
  return scalarField(field, kind === 'TIME' ? 'DateTime' : 'BigInt')
}
