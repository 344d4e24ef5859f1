// A failing case as a page that people can read and tests can run again.
import type { Difference } from './fuzz-case.ts'
import type { FailingCase } from './shrink.ts'

export function printCase({ subgraphs, seed, failing, operation }: FailingCase, difference: Difference): string {
  const block = (language: string, text: string): string => `\`\`\`${language}\n${text.trim()}\n\`\`\`\n`
  return [
    `# ${difference.kind}\n`,
    `seed: ${seed}, failing: ${failing}\n`,
    ...subgraphs.map(({ name, sdl }) => `## ${name}\n\n${block('graphql', sdl)}`),
    `## Operation\n\n${block('graphql', operation.query)}\n${block('json', JSON.stringify(operation.variables))}`,
    `## Expected\n\n${block('json', difference.expected)}`,
    `## Answered\n\n${block('json', difference.actual)}`,
    ...difference.violations.map((violation) => `- ${violation}`),
    `## Requests\n`,
    ...difference.requests.map(
      ({ service, query, variables }) => `- ${service}: \`${query}\` ${JSON.stringify(variables ?? {})}`,
    ),
    '',
  ].join('\n')
}

export function readCase(page: string): FailingCase {
  const head = /^seed: (\d+), failing: (true|false)$/m.exec(page)
  const subgraphs = [...page.matchAll(/^## (\w+)\n\n```graphql\n([\s\S]*?)\n```/gm)]
    .map(([, name = '', sdl = '']) => ({ name, sdl }))
    .filter(({ name }) => name !== 'Operation')
  const operation = /^## Operation\n\n```graphql\n([\s\S]*?)\n```\n\n```json\n([\s\S]*?)\n```/m.exec(page)
  if (head === null || operation === null) throw new Error('not a case')
  const variables = JSON.parse(operation[2] ?? '{}') as Record<string, unknown>
  return {
    subgraphs,
    seed: Number(head[1]),
    failing: head[2] === 'true',
    operation: { query: operation[1] ?? '', variables },
  }
}
