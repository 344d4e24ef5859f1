// Governance as declared: the data subject, personal data, masks and access. Kept in the model; enforced by the subgraph.
import type { Access, FieldGovernance } from '../model.ts'
import { argumentPlace, memberOf, textOf, textsOf, wholeDirective, directiveOf } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { type FieldShape, type Shapes, shapeTypeText, type TypeShape } from './shapes.ts'

const TEXTS = ['ID', 'String', 'UUID', 'EmailAddress', 'URL']
const GENERAL = ['Int', 'Float', 'BigInt', 'Decimal', 'DateTime', 'Date']

const MASKS: Readonly<Record<string, { readonly scalars: readonly string[]; readonly wanted: string }>> = {
  REDACT: { scalars: TEXTS, wanted: 'a text' },
  HASH: { scalars: TEXTS, wanted: 'a text' },
  LAST_FOUR: { scalars: TEXTS, wanted: 'a text' },
  GENERALIZE: { scalars: GENERAL, wanted: 'a date or number' },
}

export function compileAccess(directives: readonly Directive[], reporter: Reporter): Access | null {
  const directive = wholeDirective(directives, 'access')
  if (directive === null) return null
  const access = {
    roles: textsOf(directive, 'roles'),
    scopes: textsOf(directive, 'scopes'),
    purposes: textsOf(directive, 'purposes'),
  }
  if (access.roles.length + access.scopes.length + access.purposes.length === 0) {
    const fix = 'Name who may: roles, scopes or purposes.'
    reporter.error('ACCESS_EMPTY', directive.node, '@access names no role, scope or purpose, so nobody may read.', fix)
  }
  return access
}

function checkMask(field: FieldShape, directive: Directive, reporter: Reporter): void {
  const kind = textOf(directive, 'with')
  const at = argumentPlace(directive, 'with')
  const name = `"${field.declaration.owner}.${field.name}"`
  if (kind === 'NULL' && !field.nullable) {
    const message = `The mask NULL makes ${name} null, and it is declared never to be.`
    reporter.error('MASK_INVALID', at, message, 'Declare the field nullable, or use another mask.')
  }
  const fits = MASKS[kind]
  const { type } = field
  if (fits === undefined || type === null) return
  if (type.kind === 'scalar' && fits.scalars.includes(type.scalar)) return
  const others = Object.keys(MASKS).filter(
    (one) => type.kind === 'scalar' && (MASKS[one]?.scalars.includes(type.scalar) ?? false),
  )
  const message = `The mask ${kind} is for ${fits.wanted}, and ${name} is of type ${shapeTypeText(type)}.`
  reporter.error('MASK_INVALID', at, message, `Use ${['NULL', ...others].join(' or ')}.`)
}

export function compileGovernance(field: FieldShape, reporter: Reporter): FieldGovernance {
  const { directives } = field.declaration
  const personal = wholeDirective(directives, 'personal')
  const mask = wholeDirective(directives, 'mask')
  if (mask !== null) checkMask(field, mask, reporter)
  return {
    subject: wholeDirective(directives, 'subject') !== null,
    personal: personal === null ? null : textOf(personal, 'kind'),
    mask:
      mask === null
        ? null
        : {
            with: memberOf(mask, 'with', ['NULL', ...Object.keys(MASKS)]),
            unlessRoles: textsOf(mask, 'unlessRoles'),
            unlessScopes: textsOf(mask, 'unlessScopes'),
          },
    access: compileAccess(directives, reporter),
  }
}

/** The first personal field of the type, also inside its value types. */
function firstPersonal(shape: TypeShape, shapes: Shapes, seen: Set<string>): FieldShape | null {
  if (seen.has(shape.name)) return null
  seen.add(shape.name)
  for (const field of shape.fields.values()) {
    if (directiveOf(field.declaration.directives, 'personal') !== null) return field
    let type = field.type
    while (type?.kind === 'list') type = type.of
    const nested = type?.kind === 'object' ? shapes.types.get(type.name) : undefined
    const inside = nested === undefined ? null : firstPersonal(nested, shapes, seen)
    if (inside !== null) return inside
  }
  return null
}

/** The data subject of every entity with personal data: one, and a warning where there is none. */
export function checkSubjects(shapes: Shapes): void {
  const { reporter } = shapes
  for (const shape of shapes.types.values()) {
    if (shape.role !== 'entity' || !shape.owned) continue
    const subjects = [...shape.fields.values()].filter(
      (field) => directiveOf(field.declaration.directives, 'subject') !== null,
    )
    const [subject, second] = subjects
    if (subject !== undefined && second !== undefined) {
      const at = directiveOf(second.declaration.directives, 'subject')?.node ?? second.declaration.node.name
      const message = `"${shape.name}" has two data subjects: "${subject.name}" and "${second.name}".`
      reporter.error('SUBJECT_REPEATED', at, message, 'Keep the one that the record is about.')
    }
    const personal = subject === undefined ? firstPersonal(shape, shapes, new Set()) : null
    if (personal === null) continue
    const at = directiveOf(personal.declaration.directives, 'personal')?.node ?? personal.declaration.node.name
    const message = `"${shape.name}" holds personal data ("${personal.declaration.owner}.${personal.name}") and no data subject.`
    reporter.warning('SUBJECT_MISSING', at, message, "Add @subject to the field that holds the person's identity.")
  }
}
