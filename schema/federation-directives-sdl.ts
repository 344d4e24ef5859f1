// The Federation 2 directives (and GraphQL's own) that may stand in a product file beside the language's: they are passed through to the
// subgraph. Those that need a resolver of their own (@requires, @provides) or another spec (@composeDirective, @interfaceObject) are not.

export const FEDERATION_DIRECTIVES_SDL = `
directive @link(url: String!, as: String, for: String, import: [Any]) repeatable on SCHEMA
directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT
directive @shareable on OBJECT | FIELD_DEFINITION
directive @inaccessible on OBJECT | FIELD_DEFINITION
directive @tag(name: String!) repeatable on OBJECT | FIELD_DEFINITION
directive @external on FIELD_DEFINITION
directive @override(from: String!, label: String) on FIELD_DEFINITION
directive @authenticated on OBJECT | FIELD_DEFINITION
directive @requiresScopes(scopes: [[String!]!]!) on OBJECT | FIELD_DEFINITION
directive @policy(policies: [[String!]!]!) on OBJECT | FIELD_DEFINITION
directive @cost(weight: Int!) on OBJECT | FIELD_DEFINITION
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION
`
