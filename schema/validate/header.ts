// What stands on `extend schema`: the product itself, its objectives and what it is derived from.
import type { Product, Slo } from '../model.ts'
import type { Declarations } from '../parse/declarations.ts'
import {
  argumentPlace,
  directiveOf,
  directivesOf,
  memberOf,
  optionalNumberOf,
  optionalTextOf,
  textOf,
  wholeDirective,
} from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { durationOf } from './source.ts'

const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const SEMANTIC_VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?$/
const OWNER = /^(?:[^\s@]+@[^\s@]+\.[^\s@]+|@?[a-z0-9][\w.-]*)$/i
const FEDERATION = /^https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+$/

export type Header = Pick<Product, 'name' | 'domain' | 'owner' | 'version' | 'status' | 'description'>

function kebabOf(text: string): string {
  const words = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
  return words.replaceAll(/^[-0-9]+|-+$/g, '')
}

function versionOf(text: string): string {
  const numbers = text.match(/\d+/g)?.slice(0, 3).map(Number) ?? []
  return [numbers[0] ?? 1, numbers[1] ?? 0, numbers[2] ?? 0].join('.')
}

function checkName(directive: Directive, argument: string, reporter: Reporter): void {
  const text = textOf(directive, argument)
  if (KEBAB.test(text)) return
  const proposal = kebabOf(text)
  const fix = proposal === '' ? 'Write lower case words, joined by "-".' : `Write "${proposal}".`
  reporter.error(
    'NAME_INVALID',
    argumentPlace(directive, argument),
    `The ${argument} "${text}" of the product is not kebab case.`,
    fix,
  )
}

/** The product's domain; null where it is missing or malformed, and nothing can be asked to agree with it. */
export function validDomain(header: Header | null): string | null {
  return header !== null && KEBAB.test(header.domain) ? header.domain : null
}

/** Null where @product is missing or broken. */
export function compileHeader(declarations: Declarations, file: string, reporter: Reporter): Header | null {
  if (directiveOf(declarations.schemaDirectives, 'product') === null) {
    const fix =
      'Begin with extend schema @product(name: "orders", domain: "sales", owner: "team@example.com", version: "1.0.0").'
    reporter.error('DIRECTIVE_MISSING', { file, line: 1, column: 1 }, 'The file has no @product.', fix)
  }
  const directive = wholeDirective(declarations.schemaDirectives, 'product')
  if (directive === null) return null
  checkName(directive, 'name', reporter)
  checkName(directive, 'domain', reporter)
  const owner = textOf(directive, 'owner')
  if (!OWNER.test(owner)) {
    const message = `The owner "${owner}" is neither an e-mail address nor a team's handle.`
    reporter.error(
      'PRODUCT_VALUE_INVALID',
      argumentPlace(directive, 'owner'),
      message,
      'Write e.g. "sales-data@example.com" or "@sales-data".',
    )
  }
  const version = textOf(directive, 'version')
  if (!SEMANTIC_VERSION.test(version)) {
    const at = argumentPlace(directive, 'version')
    reporter.error(
      'PRODUCT_VALUE_INVALID',
      at,
      `The version "${version}" is not semantic.`,
      `Write "${versionOf(version)}".`,
    )
  }
  const status = memberOf(directive, 'status', ['PROPOSED', 'ACTIVE', 'DEPRECATED', 'RETIRED'])
  if (status === 'RETIRED') {
    const fix = 'Remove the file from the mesh, or set the status to DEPRECATED until nobody uses it.'
    reporter.error('PRODUCT_RETIRED', argumentPlace(directive, 'status'), 'The product is retired.', fix)
  }
  const description = optionalTextOf(directive, 'description')
  return { name: textOf(directive, 'name'), domain: textOf(directive, 'domain'), owner, version, status, description }
}

function fractionOf(directive: Directive, name: string, reporter: Reporter): number | null {
  const value = optionalNumberOf(directive, name)
  if (value === null || (value >= 0 && value <= 1)) return value
  const message = `@slo(${name}:) is ${value}, and a share lies between 0 and 1.`
  const fix = value <= 100 && value > 1 ? `Write ${Number((value / 100).toPrecision(12))}.` : 'Write e.g. 0.999.'
  reporter.error('PRODUCT_VALUE_INVALID', argumentPlace(directive, name), message, fix)
  return null
}

export function compileSlo(declarations: Declarations, reporter: Reporter): Slo {
  const directive = wholeDirective(declarations.schemaDirectives, 'slo')
  if (directive === null) return { freshnessMs: null, readLatencyP99Ms: null, completeness: null, availability: null }
  return {
    freshnessMs: durationOf(directive, 'freshness', reporter),
    readLatencyP99Ms: durationOf(directive, 'readLatencyP99', reporter),
    completeness: fractionOf(directive, 'completeness', reporter),
    availability: fractionOf(directive, 'availability', reporter),
  }
}

export function checkLinks(declarations: Declarations, reporter: Reporter): void {
  for (const directive of directivesOf(declarations.schemaDirectives, 'link')) {
    const url = textOf(directive, 'url')
    if (FEDERATION.test(url)) continue
    const message = `The link to "${url}" is not passed on: products speak Federation 2 only.`
    const fix = 'Remove it, or write "https://specs.apollo.dev/federation/v2.9".'
    reporter.error('PRODUCT_LINK', argumentPlace(directive, 'url'), message, fix)
  }
}
