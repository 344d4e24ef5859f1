// docker-compose.yml as Docker Compose reads it: merged, variables put in, every key known. The schema is the part of the Compose
// specification that the file uses, so that a misspelt key fails here and not on somebody's machine.
import { Ajv } from 'ajv'
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'

export type Condition = 'service_healthy' | 'service_completed_successfully'

export interface Service {
  readonly image: string
  readonly build?: string
  readonly pull_policy?: 'never' | 'build'
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>
  readonly healthcheck?: { readonly test: readonly [string, ...string[]] }
  readonly restart: 'no' | 'unless-stopped'
  readonly stop_grace_period?: string
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}

const TEXT = { type: 'string', minLength: 1 } as const
const TEXTS = { type: 'array', items: TEXT, minItems: 1 } as const
const DURATION = { type: 'string', pattern: '^\\d+(s|m)$' } as const

function closed(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', additionalProperties: false, properties, required }
}

const HEALTHCHECK = closed(
  {
    test: { type: 'array', items: TEXT, minItems: 2 },
    interval: DURATION,
    timeout: DURATION,
    retries: { type: 'integer', minimum: 1 },
    start_period: DURATION,
    start_interval: DURATION,
  },
  ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval'],
)

const SERVICE = closed(
  {
    image: TEXT,
    build: TEXT,
    pull_policy: { enum: ['never', 'build'] },
    command: TEXTS,
    environment: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    ports: TEXTS,
    volumes: TEXTS,
    depends_on: {
      type: 'object',
      additionalProperties: closed({ condition: { enum: ['service_healthy', 'service_completed_successfully'] } }, [
        'condition',
      ]),
    },
    healthcheck: HEALTHCHECK,
    restart: { enum: ['no', 'unless-stopped'] },
    stop_grace_period: DURATION,
    mem_limit: { type: 'string', pattern: '^\\d+[mg]$' },
    logging: closed({ driver: TEXT }, ['driver']),
    init: { type: 'boolean' },
    read_only: { type: 'boolean' },
    tmpfs: TEXTS,
    cap_drop: TEXTS,
    security_opt: TEXTS,
  },
  ['image', 'restart', 'logging'],
)

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<ComposeFile>({
  type: 'object',
  additionalProperties: false,
  // Fragments for anchors: Compose ignores them.
  patternProperties: { '^x-': {} },
  required: ['name', 'services', 'volumes'],
  properties: {
    name: TEXT,
    services: { type: 'object', additionalProperties: SERVICE },
    volumes: { type: 'object', additionalProperties: { type: 'null' } },
  },
})

/** `environment` is what the shell of `docker compose up` would have. Throws with every key that is not as it should be. */
export async function readCompose(environment: Readonly<Record<string, string>> = {}): Promise<ComposeFile> {
  const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
  const file: unknown = withVariables(parse(text, { merge: true }), environment)
  if (validate(file)) return file
  throw new Error((validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`).join('\n'))
}

/** Compose puts variables into values, never into keys. Of its forms the file has `${NAME:-default}` only. */
function withVariables(value: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{([A-Z_]+):-([^}]*)\}|\$/g, (form, name: string | undefined, otherwise: string) => {
      if (name === undefined) throw new Error(`${form} in "${value}" is no variable with a default`)
      return environment[name] || otherwise
    })
  }
  if (Array.isArray(value)) return value.map((item) => withVariables(item, environment))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withVariables(item, environment)]))
}

/** Services that do their work and end. */
export const isOneShot = (service: Service): boolean => service.restart === 'no'

/** Services that run our image. */
export const isOurs = (service: Service): boolean => service.image.startsWith('meshgate:')

/** Where it takes records, by its command; null where it takes none. */
export function ingestPortOf({ command = [] }: Service): string | null {
  const at = command.indexOf('--ingest-port')
  return at < 0 ? null : (command[at + 1] ?? null)
}

/** A mount of a named volume: `name:/path` or `name:/path:ro`. */
export function readVolume(text: string): { readonly name: string; readonly path: string; readonly readOnly: boolean } {
  const [, name, path, mode] = /^([a-z]+):(\/[^:]+)(:ro)?$/.exec(text) ?? []
  if (name === undefined || path === undefined) throw new Error(`${text} is no mount of a named volume`)
  return { name, path, readOnly: mode !== undefined }
}
