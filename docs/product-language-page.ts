// docs/product-language.md from schema/directives.graphql, whose descriptions are the reference, and from the functions of expressions.
import {
  Kind,
  parse,
  print,
  type DirectiveDefinitionNode,
  type EnumTypeDefinitionNode,
  type InputValueDefinitionNode,
} from 'graphql'
import { CEL_FUNCTIONS, type CelFunctionEntry } from '../schema/cel/cel-functions.ts'

export function productLanguagePage(directivesSdl: string): string {
  const { definitions } = parse(directivesSdl)
  const directives = definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION)
  const enums = definitions.filter((node) => node.kind === Kind.ENUM_TYPE_DEFINITION)
  return `# The product language

A product is one file of plain GraphQL SDL with Federation 2 directives and the directives below. \`meshgate check\` prints every problem
of a product at once, each with what to write instead.

${directives.map(directiveSection).join('\n\n')}

# Expressions

Expressions are [CEL](https://cel.dev): fields are variables, \`&&\`, \`||\`, \`!\` and \`? :\` are its logic, \`lines.map(l, l.amount)\`, \`filter\`, \`all\`
and \`exists\` work on lists. Int and BigInt are \`int\`, Float is \`double\`, Decimal is exact and mixes with both. What fails on a null is
unknown: a check passes, anything else is null. Besides CEL's own functions there are:

| Function | Meaning | Example | Gives |
| --- | --- | --- | --- |
${CEL_FUNCTIONS.map(functionRow).join('\n')}

# Values

${enums.map(enumSection).join('\n\n')}
`
}

function functionRow({ signature, meaning, example, gives }: CelFunctionEntry): string {
  return `| \`${signature.replaceAll('|', '\\|')}\` | ${oneLine(meaning)} | \`${example}\` | ${gives} |`
}

function directiveSection(node: DirectiveDefinitionNode): string {
  const places = node.locations.map(({ value }) => value.toLowerCase().replaceAll('_', ' ')).join(', ')
  const repeatable = node.repeatable ? ', repeatable' : ''
  return `## @${node.name.value}

${node.description?.value ?? ''}

On: ${places}${repeatable}.
${argumentTable(node.arguments ?? [])}`
}

function argumentTable(args: readonly InputValueDefinitionNode[]): string {
  if (args.length === 0) return ''
  const rows = args.map((argument) => {
    const defaultText = argument.defaultValue === undefined ? '' : `\`${print(argument.defaultValue)}\``
    return `| \`${argument.name.value}\` | \`${print(argument.type)}\` | ${defaultText} | ${oneLine(argument.description?.value)} |`
  })
  return `\n| Argument | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}`
}

function enumSection(node: EnumTypeDefinitionNode): string {
  const rows = (node.values ?? []).map((value) => `| \`${value.name.value}\` | ${oneLine(value.description?.value)} |`)
  return `## ${node.name.value}

${node.description?.value ?? ''}

| Value | Meaning |
| --- | --- |
${rows.join('\n')}`
}

function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}
