// The settings of the gateway that say how much a request may ask, and what is shown to whom. `meshgate gateway` has an option for each.
import { limits } from './limits.ts'
import { invalid, ok, readOneOf, readSwitch, readText, setting, type Reading, type Setting } from './setting.ts'

/** A limit of the gateway that an operator may set: `MESHGATE_LIMIT_DEPTH`, `--limit-depth`. */
interface LimitSetting {
  readonly name: string
  readonly limit: keyof typeof limits
  /** Beyond it the gateway itself would be at stake. */
  readonly most: number
  readonly meaning: string
}

const MANY = 1_000_000
export const TRUST_MODES = ['off', 'also', 'only'] as const

const LIMITS = {
  limitTokens: {
    name: 'TOKENS',
    limit: 'documentTokensMax',
    most: MANY,
    meaning: 'Tokens (names, braces, values) of a document.',
  },
  limitDepth: {
    name: 'DEPTH',
    limit: 'documentDepthMax',
    most: limits.documentNestingMax,
    meaning: 'Fields inside one another.',
  },
  limitAliases: {
    name: 'ALIASES',
    limit: 'documentAliasesMax',
    most: MANY,
    meaning: 'Aliases, fragments written out.',
  },
  limitSelections: {
    name: 'SELECTIONS',
    limit: 'documentSelectionsMax',
    most: limits.plannedSelectionsMax,
    meaning: 'Fields and fragments, fragments written out.',
  },
  limitRootFields: {
    name: 'ROOT_FIELDS',
    limit: 'documentRootFieldsMax',
    most: limits.plannedSelectionsMax,
    meaning: 'Fields of the root.',
  },
  limitFragments: {
    name: 'FRAGMENTS',
    limit: 'documentFragmentsMax',
    most: MANY,
    meaning: 'Definitions of fragments in a document.',
  },
  limitDirectives: {
    name: 'DIRECTIVES',
    limit: 'documentDirectivesMax',
    most: MANY,
    meaning: 'Directives in a document.',
  },
  limitListSize: {
    name: 'LIST_SIZE',
    limit: 'documentListSizeMax',
    most: MANY,
    meaning: 'Elements of one list in an argument or a variable.',
  },
  limitBodyBytes: {
    name: 'BODY_BYTES',
    limit: 'requestBodyBytesMax',
    most: 268_435_456,
    meaning: 'Bytes of a request with its variables, over HTTP and in a message of a WebSocket.',
  },
} as const satisfies Record<string, LimitSetting>

type LimitSettings = { readonly [Key in keyof typeof LIMITS]: Setting<number> }

function readNumberUpTo(least: number, most: number): (text: string) => Reading<number> {
  return (text) => {
    const value = /^\d{1,12}$/.test(text.trim()) ? Number(text) : -1
    return value >= least && value <= most ? ok(value) : invalid(`a number from ${least} to ${most}`)
  }
}

function limitSetting({ name, limit, most, meaning }: LimitSetting): Setting<number> {
  const about = { defaultText: String(limits[limit]), meaning: `${meaning} More is refused.` }
  return setting(`MESHGATE_LIMIT_${name}`, about, readNumberUpTo(1, most))
}

const LIMIT_SETTINGS = Object.fromEntries(
  Object.entries(LIMITS).map(([key, limit]) => [key, limitSetting(limit)]),
) as LimitSettings

export const SAFETY_SETTINGS = {
  ...LIMIT_SETTINGS,
  costMax: setting(
    'MESHGATE_COST_MAX',
    {
      defaultText: String(limits.operationCostMax),
      meaning:
        'What one operation may cost by `@cost` and `@listSize`: each object 1, as often as its lists may be long. 0: any.',
    },
    readNumberUpTo(0, Number.MAX_SAFE_INTEGER),
  ),
  costListSize: setting(
    'MESHGATE_COST_LIST_SIZE',
    {
      defaultText: String(limits.costListSizeAssumed),
      meaning: 'Elements that a cost assumes of a list of which the schema says nothing.',
    },
    readNumberUpTo(0, MANY),
  ),
  costTell: setting(
    'MESHGATE_COST_TELL',
    {
      defaultText: 'false',
      meaning:
        '`true`: answers say in `extensions.cost` what they were estimated to cost and what is left of the budget.',
    },
    readSwitch,
  ),
  trustedDocuments: setting(
    'MESHGATE_TRUSTED_DOCUMENTS',
    {
      defaultText: null,
      meaning:
        'File of the documents that clients name by `documentId`: JSON, `{ "<id>": "<document>" }` or Apollo\'s manifest. It is read anew when it changes.',
    },
    readText,
  ),
  trustedDocumentsMode: setting(
    'MESHGATE_TRUSTED_DOCUMENTS_MODE',
    {
      defaultText: null,
      meaning:
        "`only`: nothing but those documents is answered. `also`: texts of clients' own besides. `off`: the file is not read. Unset: `also` where there is a file.",
    },
    readOneOf(TRUST_MODES),
  ),
  persistedQueries: setting(
    'MESHGATE_PERSISTED_QUERIES',
    {
      defaultText: 'true',
      meaning: "`false`: no automatic persisted queries (Apollo's protocol). Never with `only` above.",
    },
    readSwitch,
  ),
  introspection: setting(
    'MESHGATE_INTROSPECTION',
    {
      defaultText: null,
      meaning:
        '`true`: clients may read the schema, by `__schema` and `__type` and at `/schema.graphql`. Unset: where the page is served.',
    },
    readSwitch,
  ),
  page: setting(
    'MESHGATE_PAGE',
    {
      defaultText: null,
      meaning: '`true`: the page at `/` is served. Unset: by `meshgate dev`, not by `meshgate gateway`.',
    },
    readSwitch,
  ),
} as const
