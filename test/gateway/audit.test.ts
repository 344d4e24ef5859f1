// The audit of GraphQL over HTTP that its working group publishes: every MUST, SHOULD and MAY, on the gateway as it is configured by default
// (its CSRF prevention wants a header on GETs), and without CSRF prevention as the audit itself sends its requests.
import { serverAudits } from 'graphql-http'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const mesh = { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) }

const configurations: Record<string, [Partial<GatewayOptions>, Record<string, string>]> = {
  'by default': [{}, { 'apollo-require-preflight': 'true' }],
  'without CSRF prevention': [{ csrf: false }, {}],
  'with identical requests shared': [{ csrf: false, sharing: 'requests', batchMax: 10 }, {}],
}

for (const [title, [options, extra]] of Object.entries(configurations)) {
  describe(title, () => {
    let gateway: Gateway
    beforeAll(async () => {
      gateway = await startGateway({ mesh, port: 0, logger: pino({ level: 'silent' }), ...options })
    })
    afterAll(() => gateway.close())

    const audits = serverAudits({
      url: () => `${gateway.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) =>
        fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...extra } }),
    })
    for (const audit of audits) {
      test(`${audit.id} ${audit.name}`, async () => {
        const result = await audit.fn()
        expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok')
      })
    }
  })
}
