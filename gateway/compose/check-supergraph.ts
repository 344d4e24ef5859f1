// Checks what composition made: the schema that clients see must be a valid one, and its default values must still fit its types.
import { buildASTSchema, parse, validateSchema, type InputValueDefinitionNode } from 'graphql'
import { linkedFeatures } from '../supergraph/linked-features.ts'
import { publicDocument } from '../supergraph/public-document.ts'
import { invalidValue } from './check-values.ts'
import type { CompositionProblem } from './composition-problem.ts'
import { readSubgraph } from './subgraph-model.ts'

export function checkSupergraph(supergraphSdl: string): CompositionProblem[] {
  const supergraph = parse(supergraphSdl, { noLocation: true })
  const document = publicDocument(supergraph, linkedFeatures(supergraph))
  const messages = [...invalidSchema(document), ...invalidDefaults(document)]
  return messages.map((message) => ({ subgraphs: [], code: 'INVALID_GRAPHQL', message }))
}

function invalidSchema(document: ReturnType<typeof publicDocument>): string[] {
  try {
    return validateSchema(buildASTSchema(document, { assumeValidSDL: true })).map(
      ({ message }) => `Put together, the subgraphs make no valid schema: ${message}`,
    )
  } catch (error) {
    return [`Put together, the subgraphs make no schema: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** Enum values and input fields that not every subgraph has are dropped, and a default may have named one. */
function invalidDefaults(document: ReturnType<typeof publicDocument>): string[] {
  const model = readSubgraph('', document)
  const check = (place: string, { type, defaultValue }: InputValueDefinitionNode): string[] => {
    const wrong = defaultValue === undefined ? null : invalidValue(model, type, defaultValue)
    if (wrong === null) return []
    return [
      `The default of ${place} does not fit what is left of its type: ${wrong}. Define it in every subgraph that has the type, or take the default out.`,
    ]
  }
  return [...model.types.values()].flatMap((type) => [
    ...type.inputFields.flatMap((field) => check(`${type.name}.${field.name.value}`, field)),
    ...[...type.fields.values()].flatMap((field) =>
      field.arguments.flatMap((each) => check(`${type.name}.${field.name}(${each.name.value}:)`, each)),
    ),
  ])
}
