// Bodies of GraphQL requests that are none, nearly none, or ones of the strangest kind.
import { deepJson, mutated, ODD_NAMES, ODD_VALUES, pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'
import { hostileDocument, valid, type DocumentSource } from '../documents/hostile-document.ts'

/** Ids of trusted documents that the target knows, among others. */
const DOCUMENT_IDS = ['good', 'sha256:good', '__proto__', '../../../etc/passwd', '', 'a'.repeat(3_000)] as const
const HASH = '0'.repeat(64)

export function hostileBody(source: DocumentSource, random: Random): Buffer {
  return pickOf(
    [
      () => Buffer.from(requestOf(source, random)),
      () => Buffer.from(requestOf(source, random)),
      () => Buffer.from(oddRequest(source, random)),
      () => mutated(Buffer.from(requestOf(source, random)), random),
      () => Buffer.from(batchOf(source, random)),
      () => Buffer.from(deepJson(upTo(150_000, random), random)),
      () =>
        Buffer.concat([Buffer.from('{"query":"{__typename'), randomBytes(upTo(30, random), random), Buffer.from('"}')]),
      () => randomBytes(upTo(400, random), random),
    ],
    random,
  )
}

export function requestOf(source: DocumentSource, random: Random): string {
  const { query, variables } = hostileDocument(source, random)
  const members = [`"query":${JSON.stringify(query)}`]
  if (Object.keys(variables).length > 0 || random() < 0.2) members.push(`"variables":${JSON.stringify(variables)}`)
  if (random() < 0.2) members.push(`"extensions":${extensions(random)}`)
  if (random() < 0.1) members.push(`"operationName":${JSON.stringify(pick([...ODD_NAMES, 'Q0', ''], random))}`)
  return `{${members.join(',')}}`
}

function oddRequest(source: DocumentSource, random: Random): string {
  const query = JSON.stringify(valid(source, random).query)
  const value = pick(ODD_VALUES, random)
  const name = pick(ODD_NAMES, random)
  const depth = upTo(100_000, random)
  return pick(
    [
      `{"query":${query},"variables":${value}}`,
      `{"query":${query},"extensions":${value}}`,
      `{"query":${query},"operationName":${value}}`,
      `{"query":${value}}`,
      `{"${name}":${value},"query":${query}}`,
      `{"query":${query},"query":${value},"query":${query}}`,
      `{"query":${query},"variables":{"${name}":${value},"${name}":1}}`,
      `{"query":${query},"variables":{"a":${deepJson(depth, random)}}}`,
      `{"query":"query($a: [ID]) { __typename }","variables":{"a":${deepJson(depth, random)}}}`,
      `{"query":"query($a: Int) { __typename @include(if: $a) }","variables":{"a":${value}}}`,
      `{"query":"query($a: [Int!]! = [1]) { a: __typename }","variables":{"a":[${'1,'.repeat(depth)}1]}}`,
      `{"query":"query($a: Boolean!) { __typename @skip(if: $a) }","variables":{"a":${value}}}`,
      `{"documentId":${JSON.stringify(pick(DOCUMENT_IDS, random))}}`,
      `{"documentId":${JSON.stringify(pick(DOCUMENT_IDS, random))},"query":${query}}`,
      `{"documentId":${value},"variables":{"${name}":${value}}}`,
      `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${HASH}"}},"query":${query}}`,
      `{"extensions":{"persistedQuery":{"version":${value},"sha256Hash":${value}}}}`,
      `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${pick(['good', '__proto__', HASH, 'é'], random)}"}}}`,
      `{"extensions":{"persistedQuery":${deepJson(depth, random)}}}`,
      `\ufeff{"query":${query}}`,
      `{"query":${query}} trailing`,
      `{"query":${query},"variables":{"a":${'9'.repeat(depth)}}}`,
      `{"query":${query},"variables":{${Array.from({ length: upTo(20_000, random) }, (_, index) => `"v${index}":0`).join(',')}}}`,
      ' '.repeat(depth),
      value,
      '',
    ],
    random,
  )
}

export function extensions(random: Random): string {
  const value = pick(ODD_VALUES, random)
  return pick(
    [
      '{}',
      `{"cursor":${value}}`,
      `{"cursor":"${randomBytes(upTo(80, random), random).toString('base64url')}"}`,
      `{"snapshot":${value},"conflate":true}`,
      '{"snapshot":true}',
      `{"started":${value}}`,
      `{"traceparent":${value},"tracestate":${value}}`,
      `{"traceparent":"00-${'0'.repeat(32)}-${'f'.repeat(16)}-ff"}`,
      `{"meshgate":{"assertion":${value}}}`,
      `{"documentId":${value}}`,
      `{"__proto__":${value}}`,
    ],
    random,
  )
}

function batchOf(source: DocumentSource, random: Random): string {
  const entry = (): string => (random() < 0.6 ? requestOf(source, random) : pick(ODD_VALUES, random))
  const entries = Array.from({ length: upTo(12, random) }, entry).map((text) => text.slice(0, 50_000))
  return pick(
    [
      `[${entries.join(',')}]`,
      `[${entries.join(',')},]`,
      `[[${entries.join(',')}]]`,
      `[${'0,'.repeat(upTo(200_000, random))}0]`,
      `[${'{"query":"{__typename}"},'.repeat(upTo(200, random))}{"query":"{__typename}"}]`,
    ],
    random,
  )
}
