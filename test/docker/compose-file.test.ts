// What holds of docker-compose.yml before anything runs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { SETTINGS } from '../../platform/settings.ts'
import { readProducts } from '../../cli/read-products.ts'
import { subgraphName } from '../../subgraphs/runtime/subgraph-name.ts'
import { isOneShot, isOurs, readCompose, readVolume } from './compose-file.ts'
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

test('only the gateway and ingest have ports outside, on this machine only', () => {
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)
  expect(published.filter((name) => name !== 'gateway' && !name.endsWith('-ingest'))).toEqual([])
  const outside = services.flatMap(([, { ports = [], environment }]) =>
    ports.map((text) => [/^127\.0\.0\.1:\d+(-\d+)?:(\d+)$/.exec(text)?.[2], environment?.['PORT']]),
  )
  expect(outside).toEqual(outside.map(([, port]) => [String(port), port]))
})

test('every variable of ours is a setting', () => {
  const names = new Set<string>(Object.values(SETTINGS).map(({ name }) => name))
  const given = ours.flatMap(([, { environment = {} }]) => Object.keys(environment))
  expect(given.filter((name) => !names.has(name))).toEqual([])
})

test('every product of the project has its ingest, its subgraph and its place in the supergraph', async () => {
  const { products } = await readProducts([])
  const port = (name: string) => compose.services[name]?.environment?.['PORT']
  const expected = products.map((product) => ({
    ingest: ['ingest', `subgraphs/${product.domain}`],
    subgraph: ['subgraph', `subgraphs/${product.domain}`],
    place: `${subgraphName(product)}=http://${product.domain}-subgraph:${port(`${product.domain}-subgraph`)}/graphql`,
  }))
  const places = compose.services['supergraph']?.command ?? []
  const found = products.map(({ domain }, index) => ({
    ingest: compose.services[`${domain}-ingest`]?.command,
    subgraph: compose.services[`${domain}-subgraph`]?.command,
    place: places.find((place) => place === expected[index]?.place),
  }))
  expect(found).toEqual(expected)
})

test('a role has longer to stop than it takes at most', () => {
  const short = roles.filter(
    ([, { stop_grace_period: grace }]) => Number.parseInt(grace ?? '0') * 1_000 <= limits.shutdownMsMax,
  )
  expect(short).toEqual([])
})
