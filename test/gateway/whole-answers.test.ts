// Answers that may go to a client unread: our own subgraphs mark them, and only a subgraph that is known to be ours is believed.
import { afterEach, describe, expect, test } from 'vitest'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'
import { http, RawServer } from './raw-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function ask(endpoint: HttpEndpoint, query: string): Promise<{ isWhole: boolean; answer: unknown }> {
  const wire = { isMutation: false, principal: ANONYMOUS, arrival: 1 }
  const { bytes, isWhole } = await endpoint.exchange({ ...wire, body: JSON.stringify({ query }) })
  return { isWhole, answer: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown }
}

describe('a subgraph of ours', () => {
  async function reach(isOurs: boolean): Promise<{ telemetry: Telemetry; endpoint: HttpEndpoint }> {
    const telemetry = await Telemetry.open()
    const { url } = await telemetry.subgraph.serve(0)
    const endpoint = new HttpEndpoint({ name: 'remote', url, isOurs })
    closing.push(
      () => telemetry.close(),
      () => endpoint.close(),
    )
    return { telemetry, endpoint }
  }

  test('marks data without errors as whole', async () => {
    const { telemetry, endpoint } = await reach(true)
    await telemetry.put([reading('ü€😀')])
    expect(await ask(endpoint, '{ reading(id: "ü€😀") { id } }')).toEqual({
      isWhole: true,
      answer: { data: { reading: { id: 'ü€😀' } } },
    })
    expect((await ask(endpoint, '{ reading(id: "none") { id } }')).isWhole).toBe(true)
  })

  test('marks nothing with errors, nothing refused, nothing that did not run', async () => {
    const { telemetry, endpoint } = await reach(true)
    telemetry.counts.failure = new Error('store')
    for (const query of ['{ reading(id: "1") { id } }', '{ nothing }', '{', 'subscription { readingCreated { id } }']) {
      expect(await ask(endpoint, query)).toMatchObject({ isWhole: false, answer: { errors: [{}] } })
    }
  })

  test('is believed only where it is known to be one', async () => {
    const { endpoint } = await reach(false)
    expect(await ask(endpoint, '{ __typename }')).toEqual({ isWhole: false, answer: { data: { __typename: 'Query' } } })
  })
})

describe('the mark', () => {
  const type = (text: string): string => `content-type: ${text}`
  const mark = 'meshgate-whole: 1'
  const heads: Record<string, [fields: readonly string[], status: string, isWhole: boolean]> = {
    'holds for JSON': [[mark, type('application/json; charset=utf-8')], '200 OK', true],
    'holds for a GraphQL response': [[mark, type('application/graphql-response+json;charset=UTF-8')], '200 OK', true],
    'does not hold with another value': [['meshgate-whole: yes', type('application/json')], '200 OK', false],
    'does not hold for another charset': [[mark, type('application/json; charset=latin1')], '200 OK', false],
    'does not hold for another type': [[mark, type('text/plain')], '200 OK', false],
    'does not hold with another status': [[mark, type('application/json')], '206 Partial', false],
  }
  for (const [title, [fields, status, isWhole]] of Object.entries(heads)) {
    test(title, async () => {
      const body = '{"data":{}}'
      const head = [`HTTP/1.1 ${status}`, ...fields, `content-length: ${body.length}`].join('\r\n')
      const server = await RawServer.open(({ socket }) => socket.write(`${head}\r\n\r\n${body}`))
      const endpoint = new HttpEndpoint({ name: 'remote', url: server.url, isOurs: true })
      closing.push(
        () => server.close(),
        () => endpoint.close(),
      )
      expect(await ask(endpoint, '{ a }')).toEqual({ isWhole, answer: { data: {} } })
    })
  }

  test('is nothing for a coded body', async () => {
    const server = await RawServer.open(({ socket }) => socket.write(http('', [mark, 'content-encoding: gzip'])))
    const endpoint = new HttpEndpoint({ name: 'remote', url: server.url, isOurs: true })
    closing.push(
      () => server.close(),
      () => endpoint.close(),
    )
    await expect(ask(endpoint, '{ a }')).rejects.toMatchObject({ code: 'SUBGRAPH_PROTOCOL' })
  })
})
