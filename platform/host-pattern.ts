// Names of hosts as configuration has them: `mesh.example.com`, or `*.example.com` for all below it.

export const ALL_BELOW = '*.'

/** In small letters, without scheme and port. */
export function isHostPattern(text: string): boolean {
  const name = text.startsWith(ALL_BELOW) ? text.slice(ALL_BELOW.length) : text
  return URL.parse(`http://${name}`)?.hostname === name
}
