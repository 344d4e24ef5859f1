// Response keys inside the gateway. A client's alias may be the name of a field that the plan needs itself (`id: nickname`): the planner
// 0.0.38 then reads the alias as the key. So aliases travel under names that no schema has, and get theirs back in the response.
const PREFIX = '_a_'

export function internalKey(name: string, alias: string | undefined): string {
  return alias === undefined || alias === name ? name : PREFIX + alias
}

export function clientKey(key: string): string {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key
}
