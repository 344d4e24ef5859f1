// Codes of problems in product files: part of the registry in platform/errors.ts.

const problem = <Meaning extends string, Action extends string>(meaning: Meaning, action: Action) =>
  ({ meaning, action, retryable: false }) as const

export const DIAGNOSTIC_CODES = {
  // The file
  PRODUCT_SYNTAX: problem('The file is not valid GraphQL SDL.', 'Mend the syntax at the place named.'),
  PRODUCT_DEFINITION_UNSUPPORTED: problem(
    'A definition is no part of the product language.',
    'Remove it, or say it as the message shows.',
  ),
  PRODUCT_EMPTY: problem('No entity of the product has a source.', 'Give an entity `@key`, `@source` and `@table`.'),
  PRODUCT_RETIRED: problem('The product is retired and is not to run.', 'Remove the file, or set another status.'),
  PRODUCT_VALUE_INVALID: problem('A value has not the form asked for.', 'Write it in the form that the message shows.'),
  PRODUCT_LINK: problem('A linked specification is not Federation 2.', 'Remove the `@link`.'),

  // Names and types
  NAME_DUPLICATE: problem('Two things have one name.', 'Rename or remove one.'),
  NAME_INVALID: problem('A name has not the form asked for.', 'Write it in the form that the message shows.'),
  NAME_RESERVED: problem('A name belongs to Meshgate or GraphQL.', 'Choose another, or remove the definition.'),
  TYPE_UNKNOWN: problem('No type has that name.', 'Write the name of a scalar or of a type of the file.'),
  TYPE_EMPTY: problem('A type has no fields or values.', 'Give it one, or remove it.'),
  TYPE_TOO_LARGE: problem('A type has too many fields, or types nested too deep.', 'Split it into several.'),
  TYPE_RECURSIVE: problem('A value type contains itself.', 'Make one of the types an entity and refer to it.'),

  // Directives
  DIRECTIVE_UNKNOWN: problem('No directive has that name.', 'Write one of the language or of Federation 2.'),
  DIRECTIVE_MISPLACED: problem('A directive stands where it means nothing.', 'Move it to where the message says.'),
  DIRECTIVE_REPEATED: problem('A directive that may stand once stands twice.', 'Keep one.'),
  DIRECTIVE_MISSING: problem('A directive that is needed is missing.', 'Add the line that the message shows.'),
  DIRECTIVE_CONFLICT: problem('Two directives exclude each other.', 'Keep one of them.'),
  DIRECTIVE_ARGUMENT_UNKNOWN: problem('The directive has no such argument.', 'Write one that it has.'),
  DIRECTIVE_ARGUMENT_MISSING: problem('A required argument is missing.', 'Add it.'),
  DIRECTIVE_ARGUMENT_TYPE: problem('A value is not of the argument’s type.', 'Write a value of the type.'),
  DURATION_INVALID: problem('A duration is not ISO 8601 of fixed length.', 'Write e.g. PT5S, PT1H or P7D.'),
  INTERVAL_INVALID: problem('An interval is malformed or empty.', 'Write e.g. [0,) or (0,100].'),

  // Entities, sources, tables
  KEY_INVALID: problem('A `@key` is not a list of fields of the entity.', 'Write field names, separated by spaces.'),
  KEY_FIELD_TYPE: problem(
    'A field cannot be part of a key.',
    'Use a non-null field of a scalar that compares exactly (no Float, Boolean, JSON, list or object).',
  ),
  KEY_NOT_SERVED: problem('No table serves a key of the entity.', 'Add the table that the message shows.'),
  FIELD_UNKNOWN: problem('The type has no such field.', 'Write the name of one that it has.'),
  FIELD_INVALID: problem('A field cannot be what it is declared as.', 'Do what the message says.'),
  SOURCE_TOPIC_INVALID: problem('A topic’s name has not the form asked for.', 'Write `<domain>.<name>`.'),
  SOURCE_FIELD_TYPE: problem('A field of the source is of the wrong type.', 'Name a field of the type asked for.'),
  SOURCE_PATTERN: problem(
    'The pattern of a text source is missing or malformed, may run too long, or lacks what the fields read.',
    'Write it as the message says.',
  ),
  SOURCE_CONFLICT: problem('Two settings of the source exclude each other.', 'Change one of them.'),
  TABLE_UNKNOWN: problem('The entity has no such table.', 'Write the name of one that it has, or add it.'),
  TABLE_KEY_SYNTAX: problem(
    'A key part is malformed.',
    'Write `field`, `day(field)` or, when clustering, `field desc`.',
  ),
  TABLE_KEY_INCOMPLETE: problem('Rows of two entities would collide in the table.', 'Add the entity’s key to its key.'),
  TABLE_BASE_KEY: problem('The first table is not keyed by the entity’s key.', 'Key it so, or put such a table first.'),
  TABLE_BUCKET: problem('A time bucket cannot be planned.', 'Do what the message says.'),
  TABLE_TTL: problem(
    'The first table ends before another, and ingest could not find what to move or delete there.',
    'Give the first table the longest ttl, or none.',
  ),
  TABLE_INDEX: problem('A field cannot be indexed.', 'Index a single scalar field.'),

  // Cleaning, checks, expressions
  FROM_INVALID: problem('A source field cannot be cleaned so.', 'Do what the message says.'),
  DEFAULT_INVALID: problem('A default is not a value of the field.', 'Write a value of the field’s type.'),
  CHECK_RULE_COUNT: problem('A check has no rule or several.', 'Give it exactly one; write a check for each rule.'),
  CHECK_RULE_TYPE: problem('A check’s rule does not fit the field.', 'Use a rule that fits its type.'),
  CHECK_PATTERN: problem('A pattern is malformed or may run for ever.', 'Write it as the message says.'),
  CEL_INVALID: problem('An expression does not compile.', 'Mend it at the place named.'),
  CEL_RESULT_TYPE: problem('An expression gives a value of the wrong type.', 'Make it give the type asked for.'),
  COMPUTED_CYCLE: problem('Computed fields depend on one another in a circle.', 'Compute one of them otherwise.'),
  COMPUTED_PARTIAL: problem(
    'A partial record may lack what a computed field reads.',
    'Read one field, or do without `partial`.',
  ),

  // Derived entities
  READ_INVALID: problem('Something cannot be read as declared.', 'Do what the message says.'),
  READ_UNUSED: problem('An input type is declared that nothing is made from.', 'Use it, or remove it.'),
  FOLD_INVALID: problem('A derived entity cannot be folded as declared.', 'Do what the message says.'),
  FOLD_GROUP: problem(
    'What a fold groups by and the key of the entity differ, or a fold does not say it.',
    'Give every field of the key a `@group` for each fold, save the `@windowStart`.',
  ),
  FOLD_WINDOW: problem('A window cannot be computed as declared.', 'Do what the message says.'),
  FOLD_AGGREGATE: problem('A field has no value from the fold, or one that does not fit.', 'Do what the message says.'),

  // References and operations
  REFERENCE_INVALID: problem('A reference does not fit the entity it points at.', 'Do what the message says.'),
  OPERATION_INVALID: problem('An operation cannot be served as declared.', 'Do what the message says.'),
  OPERATION_RETURN_TYPE: problem('An operation returns the wrong type.', 'Return the type that the message names.'),
  OPERATION_NOT_SERVED: problem('No table serves the operation.', 'Add the table that the message shows.'),
  ARGUMENT_UNKNOWN: problem('An argument is no field of the entity.', 'Name it after one, or remove it.'),
  ARGUMENT_TYPE: problem('An argument’s type is not its column’s.', 'Write the column’s type.'),
  ARGUMENT_MISSING: problem('An argument that is needed is missing.', 'Add it.'),

  // Governance
  MASK_INVALID: problem('A mask does not fit the field.', 'Use a mask that fits its type.'),
  SUBJECT_MISSING: problem(
    'Personal data has no data subject: it can be neither audited nor erased by person.',
    'Mark the field that holds the person’s identity with `@subject`.',
  ),
  SUBJECT_REPEATED: problem('An entity has two data subjects.', 'Keep one `@subject`.'),
  ACCESS_EMPTY: problem('`@access` names nobody, so nobody may read.', 'Name roles, scopes or purposes.'),

  // The mesh
  MESH_DUPLICATE: problem('Two products claim one name.', 'Rename it in one of them.'),
  MESH_ENTITY_UNOWNED: problem('No product of the mesh owns the entity.', 'Add its product, or mend the name.'),
  MESH_KEY_MISMATCH: problem('A key is not the owner’s.', 'Declare it as the owner does.'),
  MESH_TYPE_MISMATCH: problem('Two products declare different types of one name.', 'Declare one alike, or rename it.'),
  MESH_READ_MISMATCH: problem('What a product reads is not what its owner has.', 'Read it as the owner declares it.'),
  MESH_READ_ENDS: problem(
    'What a product is derived from ends by itself, and what is made of it would depend on when one looks.',
    'Close windows before their rows end, or say that what ended stays counted.',
  ),
  MESH_CYCLE: problem('Entities are derived from one another in a circle.', 'Derive one of them otherwise.'),
  MESH_PRODUCT_UNKNOWN: problem('No product of the mesh has that name.', 'Add the product, or mend the name.'),
} as const

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
