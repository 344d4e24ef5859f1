// `docker compose up` without Docker: every service of ours as a process of the image, with the command, environment, health check and
// start order that docker-compose.yml gives it. Kafka and Cassandra are those of the test. Replaced is only what Docker would give: names
// of hosts become this machine, ports free ones, volumes directories.
import { chown, mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ingestPortOf,
  isOneShot,
  isOurs,
  readVolume,
  type ComposeFile,
  type Condition,
  type Service,
} from './compose-file.ts'
import { startContainer, type Container } from './container.ts'
import type { Image } from './docker-image.ts'

/** A health check is a process of its own, and two cores are few. */
const HEALTH_POLL_MS = 1_000
const HEALTHY_TIMEOUT_MS = 180_000
const STOP_GRACE_MS = 35_000

export interface ComposeProjectOptions {
  readonly compose: ComposeFile
  readonly image: Image
  /** Addresses of the services that are not ours, by `name:port` as our services write them. */
  readonly servers: Readonly<Record<string, string>>
  /** Where volumes lie. */
  readonly directory: string
}

/** Ports on this machine, by those of the file. */
type Ports = ReadonlyMap<string, number>

interface Running {
  readonly name: string
  readonly ports: Ports
  readonly container: Container
}

/** What a dependent waits for. */
type Reached = Readonly<Record<Condition, Promise<void>>>

export class ComposeProject {
  readonly #options: ComposeProjectOptions
  /** Of each service, as others address it. */
  readonly #ports = new Map<string, Ports>()
  readonly #running: Running[] = []
  readonly #reached = new Map<string, Reached>()

  constructor(options: ComposeProjectOptions) {
    this.#options = options
  }

  /** Resolves when every service is healthy, or done where it is one-shot. Rejects with the output of the first that fails. */
  async up(): Promise<void> {
    const ours = Object.entries(this.#options.compose.services).filter(([, service]) => isOurs(service))
    for (const [name, service] of ours) {
      this.#ports.set(name, await freePorts(service))
    }
    await Promise.all(ours.map(([name, service]) => this.#reach(name)[conditionOf(service)]))
  }

  /** One more of a service that runs, as `--scale` would start it; resolves when it is healthy. Gives the address of its PORT. */
  async scale(name: string): Promise<string> {
    const ports = await freePorts(this.#service(name))
    await this.#runService(name, ports).service_healthy
    return `http://127.0.0.1:${ports.get(portOf(this.#service(name)))}`
  }

  /** Where a service answers that has a port of the file. */
  url(name: string, port: number): string {
    const running = this.#running.find((each) => each.name === name)
    return `http://127.0.0.1:${running?.ports.get(String(port))}`
  }

  /** SIGTERM to each that still runs, dependents first, as Compose stops them; resolves with every exit code. */
  async down(): Promise<readonly { readonly name: string; readonly code: number | null }[]> {
    const codes = []
    for (const { name, container } of this.#running.toReversed()) {
      container.signal('SIGTERM')
      // As Docker does once its grace is over; the exit code is then null.
      const killed = setTimeout(() => container.signal('SIGKILL'), STOP_GRACE_MS)
      codes.push({ name, code: await container.ended })
      clearTimeout(killed)
    }
    return codes
  }

  /** Everything that was printed, for when a test fails. */
  outputs(): string {
    return this.#running.map(({ name, container }) => `--- ${name}\n${container.output()}`).join('\n')
  }

  #reach(name: string): Reached {
    const known = this.#reached.get(name)
    if (known !== undefined) return known
    const service = this.#service(name)
    // Given by the test, and ready.
    const reached = isOurs(service) ? this.#startAfterOthers(name, service) : given()
    this.#reached.set(name, reached)
    return reached
  }

  #startAfterOthers(name: string, service: Service): Reached {
    const needed = Object.entries(service.depends_on ?? {}).map(
      ([other, { condition }]) => this.#reach(other)[condition],
    )
    const started = Promise.all(needed).then(() => this.#runService(name, this.#ports.get(name) ?? new Map()))
    const reached = {
      service_healthy: started.then((own) => own.service_healthy),
      service_completed_successfully: started.then((own) => own.service_completed_successfully),
    }
    for (const promise of Object.values(reached)) promise.catch(() => undefined)
    return reached
  }

  #runService(name: string, ports: Ports): Reached {
    const service = this.#service(name)
    const { image } = this.#options
    const volumes = (service.volumes ?? []).map(readVolume)
    const placed = (text: string) =>
      volumes.reduce(
        (result, volume) => result.replaceAll(volume.path, join(this.#options.directory, volume.name)),
        this.#withAddresses(text),
      )
    const ownPort = (text: string) => String(ports.get(text) ?? text)
    const environment = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([key, value]) => [
        key,
        key === 'PORT' ? ownPort(String(value)) : placed(String(value)),
      ]),
    )
    const container = (async () => {
      for (const volume of volumes) await makeVolume(join(this.#options.directory, volume.name), image)
      const command = (service.command ?? []).map((text) => placed(ownPort(text)))
      const started = startContainer({ image, command, environment })
      this.#running.push({ name, ports, container: started })
      return started
    })()
    const reached = {
      service_healthy: container.then((own) => untilHealthy(own, name, () => checkHealth(service, image, environment))),
      service_completed_successfully: container.then(async (own) => {
        const code = await own.ended
        if (code !== 0) throw new Error(`${name} ended with ${code}:\n${own.output()}`)
      }),
    }
    for (const promise of Object.values(reached)) promise.catch(() => undefined)
    return reached
  }

  /** `kafka:9092` and `http://sales:4003`: the names that Docker's own DNS knows. */
  #withAddresses(text: string): string {
    const addresses = [
      ...Object.entries(this.#options.servers),
      ...[...this.#ports].flatMap(([name, ports]) =>
        [...ports].map(([port, own]) => [`//${name}:${port}`, `//127.0.0.1:${own}`] as const),
      ),
    ]
    return addresses.reduce((result, [name, address]) => result.replaceAll(name, address), text)
  }

  #service(name: string): Service {
    const service = this.#options.compose.services[name]
    if (service === undefined) throw new Error(`there is no service ${name}`)
    return service
  }
}

const conditionOf = (service: Service): Condition =>
  isOneShot(service) ? 'service_completed_successfully' : 'service_healthy'

function given(): Reached {
  return { service_healthy: Promise.resolve(), service_completed_successfully: Promise.resolve() }
}

/** A new named volume takes the owner of the directory that it covers: the image's user. */
async function makeVolume(path: string, { user }: Image): Promise<void> {
  await mkdir(path, { recursive: true })
  if (user !== null) await chown(path, user.uid, user.gid)
}

/** Runs the health check's own command, where Docker would: in the container. */
async function checkHealth(service: Service, image: Image, environment: Readonly<Record<string, string>>) {
  const [kind, ...command] = service.healthcheck?.test ?? []
  if (kind !== 'CMD') throw new Error(`a health check of ours is a CMD, not ${kind}`)
  return (await startContainer({ image, entrypoint: [], command, environment }).ended) === 0
}

async function untilHealthy(container: Container, name: string, healthy: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HEALTHY_TIMEOUT_MS
  let ended = false
  void container.ended.finally(() => (ended = true))
  while (!(await healthy())) {
    if (ended) throw new Error(`${name} ended before it was healthy:\n${container.output()}`)
    if (performance.now() > deadline) throw new Error(`${name} is not healthy:\n${container.output()}`)
    await sleep(HEALTH_POLL_MS)
  }
}

const portOf = (service: Service): string => String(service.environment?.['PORT'])

/** One for each that the service listens on: PORT, and what stands behind `--ingest-port`. */
async function freePorts(service: Service): Promise<Ports> {
  const ports = new Map<string, number>()
  if (service.environment?.['PORT'] !== undefined) ports.set(portOf(service), await freePort())
  const ingestPort = ingestPortOf(service)
  if (ingestPort !== null) ports.set(ingestPort, await freePort())
  return ports
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
