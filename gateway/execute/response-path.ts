// Response paths as linked lists: walking a list of a thousand entities allocates one small object each, and an array only on error.
export interface ResponsePath {
  readonly parent: ResponsePath | null
  readonly key: string | number
}

export function pathToArray(path: ResponsePath | null): (string | number)[] {
  const keys: (string | number)[] = []
  for (let at = path; at !== null; at = at.parent) keys.push(at.key)
  return keys.reverse()
}
