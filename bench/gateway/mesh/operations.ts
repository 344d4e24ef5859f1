// The operations that the modes ask beside the bench's query: a thousand different ones, hostile ones, and one whose answer is 8 MB.

/** As the body of a POST. */
export function requestBody(query: string, variables?: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(variables === undefined ? { query } : { query, variables })
}

const PRODUCT_FIELDS = ['inStock', 'name', 'price', 'shippingEstimate', 'weight'] as const
const USER_FIELDS = ['name', 'username', 'birthday'] as const

/**
 * Operations that differ in what they select, with about a tenth of the bench's query each: bits of the number choose fields, so that no
 * two are the same after normalising.
 */
export function distinctOperation(number: number): string {
  const chosen = <T>(fields: readonly T[], bits: number): T[] =>
    fields.filter((_, index) => ((bits >> index) & 1) === 1)
  const product = ['upc', ...chosen(PRODUCT_FIELDS, number)].join(' ')
  const user = ['id', ...chosen(USER_FIELDS, number >> 5)].join(' ')
  const review = (number >> 8) & 1 ? 'id body' : 'id'
  const top = ((number >> 9) & 7) + 1
  return `query Distinct {
    users { ${user} reviews { ${review} product { ${product} } } }
    topProducts(first: ${top}) { ${product} reviews { ${review} author { ${user} } } }
  }`
}

const HOSTILE_LEAVES = ['inStock', 'name', 'price', 'shippingEstimate', 'upc', 'weight'] as const

/**
 * Within the limits of ours where a document is measured, and dear: fragments beside one another that select the same fields of all four
 * subgraphs, so that validation compares them in pairs and planning merges them. The number makes it one that no cache has.
 */
export function crowdedOperation(number: number, fragments: number): string {
  const parts = Array.from({ length: fragments }, (_, index) => {
    const leaf = HOSTILE_LEAVES[index % HOSTILE_LEAVES.length]
    return `fragment F${index} on User { reviews { product { ${leaf} } } }`
  })
  const spreads = parts.map((_, index) => `...F${index}`).join(' ')
  return `query Crowded { n${number}: users { ${spreads} } }\n${parts.join('\n')}`
}

/** Many root fields, each with fields of all four subgraphs below one another, of users that do not exist: all planning and no answer. */
export function wideOperation(number: number, roots: number): string {
  const fields = Array.from({ length: roots }, (_, index) => `u${index}: user(id: "nobody-${number}") { ...User }`)
  return `query Wide { ${fields.join(' ')} }
    fragment User on User { id name username birthday reviews { ...Review } }
    fragment Review on Review { id body product { ...Product reviews { id author { id name reviews { id product { ...Product } } } } } }
    fragment Product on Product { upc name price weight inStock shippingEstimate }`
}

export const archiveQuery = `query Archive($first: Int!) {
  entries(first: $first) { id title text pages rating tags place { shelf row } product { upc name price } }
}`

/** Entries whose answer is 8 MB. */
export const ARCHIVE_ENTRIES = 17_500
