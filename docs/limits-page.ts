// docs/limits.md from the source text of the limits files: their comments are the reasons, and so a limit without one is an error here.

interface Limit {
  readonly name: string
  readonly value: string
  readonly reason: string
  readonly group: string
}

// `sources` are the texts of files that have a line per group (a comment), per reason (a doc comment) and per limit (`name: value,`).
export function limitsPage(...sources: string[]): string {
  const limits = sources.flatMap(readLimits)
  const groups = [...new Set(limits.map(({ group }) => group))]
  const sections = groups.map((group) => {
    const rows = limits.filter((limit) => limit.group === group).map(limitRow)
    return `## ${group}\n\n| Limit | Value | Why |\n| --- | --- | --- |\n${rows.join('\n')}`
  })
  return `# Limits

Every bound of a queue, batch, retry, depth or cache. Units are in the names. Beyond a limit Meshgate pushes back or answers with an
error that names it; it does not grow.

${sections.join('\n\n')}
`
}

function limitRow({ name, value, reason }: Limit): string {
  return `| \`${name}\` | ${value} | ${reason.replaceAll('|', '\\|')} |`
}

function readLimits(source: string): readonly Limit[] {
  const limits: Limit[] = []
  let group = 'Product language and records'
  let reason: string[] = []
  for (const line of source
    .slice(source.indexOf('= {'))
    .split('\n')
    .map((text) => text.trim())) {
    const [, name, value] = /^(\w+): (.+?),(?: \/\/.*)?$/.exec(line) ?? []
    if (line.startsWith('// ')) group = line.slice(3)
    else if (line.startsWith('/**') || line.startsWith('*'))
      reason = [...(line.startsWith('/**') ? [] : reason), commentText(line)]
    else if (name !== undefined && value !== undefined) {
      limits.push({ name, value: readable(value), reason: reason.join(' ').trim(), group })
    }
  }
  return limits
}

function commentText(line: string): string {
  return line
    .replace(/^\/?\*+\/?/, '')
    .replace(/\*\/$/, '')
    .trim()
}

/** `1_048_576` → `1,048,576`; products (`7 * 24`) and texts as they are written. */
function readable(value: string): string {
  if (!/^[\d_]+(\.\d+)?$/.test(value)) return `\`${value}\``
  return Number(value.replaceAll('_', '')).toLocaleString('en-US')
}
