// The type of a field that several subgraphs have: null is allowed wherever one of them allows it.
export function mergeNullability(types: readonly string[]): string {
  const [first = ''] = types
  const marks = types.map(marksOf)
  let at = 0
  return first.replaceAll('!', '').replaceAll(/\w+|\]/g, (token) => {
    const index = at++
    return marks.every((each) => each[index] === true) ? `${token}!` : token
  })
}

/** Whether `!` stands behind each name and each closing bracket. */
function marksOf(type: string): boolean[] {
  return [...type.matchAll(/(?:\w+|\])(!?)/g)].map((match) => match[1] === '!')
}
