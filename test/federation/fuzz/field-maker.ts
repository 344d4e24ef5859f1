// Random fields: their names, types and arguments.
import { chance, pickOne, type ArgumentSpec, type FieldSpec, type MeshDraft } from './mesh-draft.ts'

const NAMES = [
  'name',
  'title',
  'size',
  'kind',
  'code2',
  'owner',
  'items',
  'note',
  'rank',
  'state',
  'unit',
  'near',
  'best',
  'price',
]

export function scalar(draft: MeshDraft): string {
  return pickOne(draft, ['Int', 'String', 'String', 'ID', 'Float', 'Boolean', 'Hue', 'Both', 'Blob'])
}

export function freeName(draft: MeshDraft, taken: readonly string[]): string {
  const free = NAMES.filter((name) => !taken.includes(name))
  return free.length === 0 ? `more${draft.rank++}` : pickOne(draft, free)
}

export interface FieldWish {
  readonly taken: readonly string[]
  readonly target: string
  readonly fixed: boolean
}

export function makeField(draft: MeshDraft, { taken, target, fixed }: FieldWish): FieldSpec {
  const bang = (probability: number): string => (chance(draft, probability) ? '!' : '')
  const isComposite = draft.specs.has(target)
  let type = `${target}${bang(0.4)}`
  if (chance(draft, isComposite ? 0.35 : 0.1)) type = `[${type}]${bang(0.4)}`
  if (type.startsWith('[') && chance(draft, 0.1)) type = `[${type}]${bang(0.3)}`
  const args = chance(draft, 0.25) ? [makeArgument(draft, 'x')] : []
  if (args.length > 0 && chance(draft, 0.4)) args.push(makeArgument(draft, 'by'))
  return { name: freeName(draft, taken), arguments: args, type, target, owners: [], isFixed: fixed, rank: draft.rank++ }
}

function makeArgument(draft: MeshDraft, name: string): ArgumentSpec {
  const type = pickOne(draft, ['Int', 'String', 'Mode', 'Both', 'Wish', '[Int!]', '[Wish]', 'Blob', 'Boolean', 'ID'])
  const isRequired = chance(draft, 0.15)
  const defaults: Record<string, string> = {
    Int: '3',
    String: '"d"',
    Mode: 'M1',
    Both: 'B2',
    '[Int!]': '[1, 2]',
    Wish: '{ text: "w" }',
    Boolean: 'true',
  }
  const defaultText = !isRequired && chance(draft, 0.35) ? (defaults[type] ?? null) : null
  return { name, type: isRequired ? `${type}!` : type, defaultText }
}

/** Subgraphs that share an abstract field may have no type in common. */
export function mayBeNone(draft: MeshDraft, field: FieldSpec): FieldSpec {
  const spec = draft.specs.get(field.target)
  const isAbstract = spec?.kind === 'union' || spec?.kind === 'interface'
  return isAbstract && field.owners.length > 1
    ? { ...field, type: field.type.replace(`${field.target}!`, field.target) }
    : field
}

export function isSpread(draft: MeshDraft, name: string): boolean {
  const spec = draft.specs.get(name)
  return spec?.kind === 'value' && spec.spread !== null
}
