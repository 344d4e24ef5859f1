// The options of `meshgate gateway` for how much a request may ask and what is shown: each stands for a setting.
import { TRUST_MODES } from '../platform/safety-settings.ts'
import type { SettingOption } from './setting-option.ts'

export const SAFETY_OPTIONS: readonly SettingOption[] = [
  { flag: '--introspection', description: 'let clients read the schema', setting: 'introspection', stands: 'true' },
  { flag: '--page', description: 'serve the page at /', setting: 'page', stands: 'true' },
  {
    flag: '--trusted-documents <FILE>',
    description: 'documents that clients name by their ids',
    setting: 'trustedDocuments',
  },
  {
    flag: '--trusted-documents-mode <MODE>',
    description: `what else is answered: ${TRUST_MODES.join(', ')}`,
    setting: 'trustedDocumentsMode',
  },
  {
    flag: '--no-persisted-queries',
    description: 'no automatic persisted queries',
    setting: 'persistedQueries',
    stands: 'false',
  },
  { flag: '--cost-max <N>', description: 'what one operation may cost; 0: any', setting: 'costMax' },
  { flag: '--cost-list-size <N>', description: 'elements that a cost assumes of a list', setting: 'costListSize' },
  {
    flag: '--cost-tell',
    description: 'answers say what they were estimated to cost',
    setting: 'costTell',
    stands: 'true',
  },
  { flag: '--limit-tokens <N>', description: 'tokens of a document', setting: 'limitTokens' },
  { flag: '--limit-depth <N>', description: 'fields inside one another', setting: 'limitDepth' },
  { flag: '--limit-aliases <N>', description: 'aliases of an operation', setting: 'limitAliases' },
  { flag: '--limit-selections <N>', description: 'fields and fragments of an operation', setting: 'limitSelections' },
  { flag: '--limit-root-fields <N>', description: 'fields of the root', setting: 'limitRootFields' },
  { flag: '--limit-fragments <N>', description: 'fragments of a document', setting: 'limitFragments' },
  { flag: '--limit-directives <N>', description: 'directives of a document', setting: 'limitDirectives' },
  {
    flag: '--limit-list-size <N>',
    description: 'elements of a list in an argument or a variable',
    setting: 'limitListSize',
  },
  { flag: '--limit-body-bytes <N>', description: 'bytes of a request', setting: 'limitBodyBytes' },
]
