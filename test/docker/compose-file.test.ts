// What holds of docker-compose.yml before anything runs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { SETTINGS } from '../../platform/settings.ts'
import { readProducts } from '../../cli/read-products.ts'
import { ingestPortOf, isOneShot, isOurs, readCompose, readVolume } from './compose-file.ts'
import { root } from './docker-image.ts'

const compose = await readCompose()
const services = Object.entries(compose.services)
const ours = services.filter(([, service]) => isOurs(service))
const roles = ours.filter(([, service]) => !isOneShot(service))

test('a service that runs on tells its health, one that ends has none', () => {
  const told = services.map(([name, service]) => [name, service.healthcheck !== undefined])
  expect(told).toEqual(services.map(([name, service]) => [name, !isOneShot(service)]))
})

test('services wait for the health of those that run on, for the end of others, and never for one another', () => {
  const conditions = services.flatMap(([name, { depends_on = {} }]) =>
    Object.entries(depends_on).map(([needed, { condition }]) => [name, needed, condition]),
  )
  const right = services.flatMap(([name, { depends_on = {} }]) =>
    Object.keys(depends_on).map((needed) => {
      const service = compose.services[needed]
      if (service === undefined) return [name, needed, 'a service that is there']
      return [name, needed, isOneShot(service) ? 'service_completed_successfully' : 'service_healthy']
    }),
  )
  expect(conditions).toEqual(right)
  const visit = (name: string, path: readonly string[]): void => {
    expect(path).not.toContain(name)
    for (const needed of Object.keys(compose.services[name]?.depends_on ?? {})) visit(needed, [...path, name])
  }
  for (const [name] of services) visit(name, [])
})

test('images have a version; ours is that of the package, built by one service and never taken from a registry', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const others = services.filter(([, service]) => !isOurs(service)).map(([, { image }]) => image)
  expect(others.filter((image) => !/^[a-z/]+:\d+\.\d+\.\d+$/.test(image))).toEqual([])
  expect(new Set(ours.map(([, { image }]) => image))).toEqual(new Set([`meshgate:${version}`]))
  expect(ours.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['check'])
  const policies = ours.map(([name, { pull_policy: policy }]) => [name, policy])
  expect(policies).toEqual(ours.map(([name, { build }]) => [name, build === undefined ? 'never' : 'build']))
})

test('every volume is declared, and every declared one is mounted', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((text) => readVolume(text).name))
  expect(new Set(mounted)).toEqual(new Set(Object.keys(compose.volumes)))
})

test('only the gateway has its port outside, and every other where it takes records, on this machine only', () => {
  const outside = services.flatMap(([name, { ports = [] }]) =>
    ports.map((text) => ({ name, port: /^127\.0\.0\.1:\d+(-\d+)?:(\d+)$/.exec(text)?.[2] })),
  )
  const right = services.flatMap(([name, service]) => {
    const port = name === 'gateway' ? String(service.environment?.['PORT']) : ingestPortOf(service)
    return port === null ? [] : [{ name, port }]
  })
  expect(outside).toEqual(right)
})

test('no two services listen on one port, inside or outside', () => {
  const inside = roles.flatMap(([, service]) => [service.environment?.['PORT'], ingestPortOf(service)])
  const outside = services.flatMap(([, { ports = [] }]) => ports.map((text) => text.split(':')[1]))
  const listening = inside.filter((port) => port !== undefined && port !== null).map(String)
  expect([new Set(listening).size, new Set(outside).size]).toEqual([listening.length, outside.length])
})

test('every variable of ours is a setting', () => {
  const names = new Set<string>(Object.values(SETTINGS).map(({ name }) => name))
  const given = ours.flatMap(([, { environment = {} }]) => Object.keys(environment))
  expect(given.filter((name) => !names.has(name))).toEqual([])
})

test('every domain of the project has a service for all its products, which the supergraph and the sample wait for', async () => {
  const { products } = await readProducts([])
  const domains = new Set(products.map(({ domain }) => domain))
  const found = [...domains].map((domain) => {
    const service = compose.services[domain]
    const origin = `http://${domain}:${service?.environment?.['PORT']}`
    return {
      command: service?.command?.slice(0, 3),
      inSupergraph: compose.services['supergraph']?.command?.includes(origin),
      waitedFor: ['supergraph', 'sample'].map((name) => compose.services[name]?.depends_on?.[domain]?.condition),
    }
  })
  const expected = [...domains].map((domain) => ({
    command: ['subgraph', `subgraphs/${domain}`, '--ingest-port'],
    inSupergraph: true,
    waitedFor: ['service_healthy', 'service_healthy'],
  }))
  expect(found).toEqual(expected)
})

test('a role has longer to stop than it takes at most', () => {
  const short = roles.filter(
    ([, { stop_grace_period: grace }]) => Number.parseInt(grace ?? '0') * 1_000 <= limits.shutdownMsMax,
  )
  expect(short).toEqual([])
})
